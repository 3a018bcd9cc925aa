/** A fenced block of a Markdown file. */
export interface Block {
  /** `sh`, `python`, `js`, `ts`, `json`, or empty for output. */
  readonly language: string;
  readonly text: string;
  /** The line of the file in which the block begins. */
  readonly line: number;
}

/**
 * The fenced blocks of a Markdown text, in order, including those in lists.
 * @param section the heading of the section that they are in; the whole text without it.
 */
export function readBlocks(markdown: string, section?: string): Block[] {
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

/** The file that a block shows, by the comment in its first line; undefined without one. */
export function readFileName({ text }: Block): string | undefined {
  return /^(?:#|\/\/) (\S+\.(?:py|mjs|ts))\n/.exec(text)?.[1];
}

/** Whether a text matches what is shown, in which `…` stands for anything. */
function isLike(shown: string, text: string): boolean {
  const parts = shown.split('…').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.+')}$`, 's').test(text);
}

/**
 * Checks that the shown lines were printed in this order, possibly with others in between.
 * @throws if one was not.
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
 * Checks JSON against what is shown: each field, and no other unless a field `…` stands for it.
 * @throws if it differs.
 */
export function checkJson(shown: unknown, printed: unknown, where = 'the response'): void {
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

/** The expected output in the comments after `print(…)`, a line each. */
export function readCommentedOutput(text: string): string {
  return [...text.matchAll(/^print\(.*\) {2}# (.*)$/gm)].map(([, said]) => said).join('\n');
}
