/** What is wrong in a builder's file, and what to write. */
export interface Finding {
  /** From the project's root: `src/reports/reports.controller.ts`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
  /** An error ends the build, a warning is shown. */
  readonly severity: 'error' | 'warning';
}

/** A finding as the checks make it. */
export interface Draft {
  /** File and line, as `src/reports/reports.controller.ts:12`. */
  readonly at: string;
  readonly what: string;
  /** `strict`: the build writes it itself; only a strict check wants it from the author. */
  readonly level: 'error' | 'warning' | 'strict';
}

/** By file and line, each once. @param isStrict makes errors of all of them */
export function toFindings(drafts: readonly Draft[], isStrict: boolean): Finding[] {
  const findings = new Map<string, Finding>();
  for (const { at, what, level } of drafts) {
    if (level === 'strict' && !isStrict) continue;
    const [, file = at, line = '1'] = /^(.*):(\d+)$/.exec(at) ?? [];
    const severity = isStrict || level === 'error' ? 'error' : 'warning';
    findings.set(`${at} ${what}`, { file, line: Number(line), message: what, severity });
  }
  const compare = new Intl.Collator('en', { numeric: true }).compare;
  return [...findings.values()].sort(
    (a, b) => compare(a.file, b.file) || a.line - b.line || compare(a.message, b.message),
  );
}

/** `src/reports/reports.controller.ts:12: warning: …`, which terminals and editors make a link of. */
export function formatFinding({ file, line, message, severity }: Finding): string {
  return `${file}:${line}: ${severity === 'warning' ? 'warning: ' : ''}${message}`;
}

/** `GET /reports/{id}`, as the contract has it; the method's name where the path is not known. */
export function nameOf({
  verb,
  path,
  name,
}: {
  readonly verb: string;
  readonly path: string | undefined;
  readonly name: string;
}): string {
  return path === undefined ? name : `${verb.toUpperCase()} ${path}`;
}
