/** A fenced block of a Markdown file. */
export interface Block {
  /** `sh`, `python`, `js`, `ts`, `json`, or nothing: something that was printed. */
  readonly language: string;
  readonly text: string;
  /** Of the file, where the block begins. */
  readonly line: number;
}

/**
 * The fenced blocks of a Markdown text, in order, those in lists too.
 * @param section the heading of the section that they are in; the whole text without it.
 */
export function blocksOf(markdown: string, section?: string): Block[] {
  const blocks: Block[] = [];
  let heading = '';
  let open: { indent: number; language: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^( *)```(\w*)$/.exec(line);
    if (open) {
      if (fence) {
        const { language, line: begin, lines } = open;
        if (section === undefined || heading === section)
          blocks.push({ language, text: lines.join('\n'), line: begin });
        open = undefined;
      } else open.lines.push(line.slice(open.indent));
    } else if (fence) {
      open = { indent: fence[1]?.length ?? 0, language: fence[2] ?? '', line: index + 1, lines: [] };
    } else if (/^ *```/.test(line)) {
      throw new Error(`Line ${index + 1} begins a block in a way that is not known: ${line}`);
    } else heading = /^## (.*)/.exec(line)?.[1] ?? heading;
  }
  return blocks;
}

/** The file that a block is, as the comment in its first line says; undefined where it says nothing. */
export function fileOf({ text }: Block): string | undefined {
  return /^(?:#|\/\/) (\S+\.(?:py|mjs|ts))\n/.exec(text)?.[1];
}

/** Whether a text is what is shown, in which `…` stands for something. */
function isLike(shown: string, text: string): boolean {
  const parts = shown.split('…').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.+')}$`, 's').test(text);
}

/**
 * Checks lines that are shown: they were printed, in this order, others between them or not.
 * @throws where one was not.
 */
export function checkLines(shown: string, printed: string): void {
  const lines = printed.split('\n');
  for (const line of shown.split('\n').filter((text) => text.trim() !== '')) {
    const found = lines.findIndex((each) => isLike(line, each));
    if (found < 0) throw new Error(`"${line}" is shown, and was not printed:\n${printed}`);
    lines.splice(0, found + 1);
  }
}

/**
 * Checks JSON that is shown: each field, and no other but where a field `…` stands for them.
 * @throws where it is another.
 */
export function checkJson(shown: unknown, printed: unknown, where = 'the answer'): void {
  if (typeof shown === 'string' && typeof printed === 'string' && isLike(shown, printed)) return;
  if (isObject(shown) && isObject(printed)) {
    const { '…': others, ...fields } = shown;
    const names = Object.keys(others === undefined ? { ...shown, ...printed } : fields);
    for (const name of names) checkJson(shown[name], printed[name], `${where}.${name}`);
  } else if (shown !== printed) {
    throw new Error(`${where} is shown as ${JSON.stringify(shown)}, and is ${JSON.stringify(printed)}.`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** What the comments behind `print(…)` say that it prints, a line each. */
export function saidInComments(text: string): string {
  return [...text.matchAll(/^print\(.*\) {2}# (.*)$/gm)].map(([, said]) => said).join('\n');
}
