import type { ErrorForm } from './error-forms.js';
import type { Operation } from './openapi.js';

/** The codes that a description has in backquotes. */
export function findCodes(description: string, { codes }: ErrorForm): string[] {
  return [...description.matchAll(/`([a-z0-9_]+)`/g)]
    .map(([, word]) => word ?? '')
    .filter((word) => Object.hasOwn(codes, word));
}

export function describeMissingCode(status: string, { codes }: ErrorForm): string {
  const possible = Object.keys(codes).filter((code) => codes[code]?.includes(Number(status)));
  const example = possible.includes('not_found') ? 'not_found' : (possible[0] ?? 'code');
  return possible.length === 0
    ? `there is no problem with the status ${status}. Give the @Response a status that a problem has, or define a problem with this one.`
    : `the @Response ${status} does not say which problem it is. Name its code in backquotes: @Response<ProblemDetails>(${status}, 'What is wrong: \`${example}\`.').`;
}

/** Adds the problems that the method throws to its responses. */
export function addThrownCodes({ responses }: Operation, thrown: readonly string[], form: ErrorForm): void {
  for (const code of thrown) {
    const [status] = form.codes[code] ?? [];
    if (status === undefined) continue;
    const response = (responses[String(status)] ??= { description: '' });
    const named = findCodes(response.description, form);
    if (named.includes(code)) continue;
    const start = (response.description || form.describe(code)).replace(/\.$/, '');
    response.description = `${start}${named.length > 0 ? ',' : ':'} \`${code}\`.`;
  }
}
