/** The text without fenced blocks and inline code, which have no links. Line numbers are kept. */
export function removeCode(markdown: string): string {
  let isOpen = false;
  return markdown
    .split('\n')
    .map((line) => {
      const isFence = /^ *```/.test(line);
      if (isFence) isOpen = !isOpen;
      return isOpen || isFence ? '' : line.replaceAll(/`[^`]*`/g, '``');
    })
    .join('\n');
}

/** The targets of the links and images of a Markdown text. */
export function listLinks(markdown: string): string[] {
  const text = removeCode(markdown);
  const inline = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  const references = [...text.matchAll(/^\[[^\]]+\]: (\S+)$/gm)].map(([, target = '']) => target);
  return [...inline, ...references];
}

/** The labels of reference links that are not defined. */
export function findUndefinedReferences(markdown: string): string[] {
  const text = removeCode(markdown);
  const defined = new Set([...text.matchAll(/^\[([^\]]+)\]: /gm)].map(([, label = '']) => label));
  return [...text.matchAll(/\]\[([^\]]+)\]/g)]
    .map(([, label = '']) => label)
    .filter((label) => !defined.has(label));
}

/** The anchors that GitHub gives to the headings of a Markdown text. */
export function listAnchors(markdown: string): Set<string> {
  const anchors = new Set<string>();
  let isOpen = false;
  for (const line of markdown.split('\n')) {
    if (/^ *```/.test(line)) isOpen = !isOpen;
    const heading = isOpen ? undefined : /^#{1,6} (.*)$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** The paths of the repository that a Markdown text names in inline code. */
export function listPaths(markdown: string): string[] {
  const folders =
    /^(?:\.ci|\.github|bench|bin|docs|examples|generated|guards|packages|sdks|src|test|tools)\//;
  return [...markdown.matchAll(/`([^`\s]+)`/g)]
    .map(([, path = '']) => path)
    .filter((path) => folders.test(path) && !/[<…]/.test(path));
}

/**
 * Code spans that end in a backslash, which escapes nothing in one (CommonMark §6.1), or that a letter adjoins.
 * @returns those spans with the letters beside them.
 */
export function findMisreadCode(markdown: string): string[] {
  const paragraphs = markdown.replaceAll(/^ *(`{3,})[^]*?^ *\1`*$/gm, '').split(/\n\s*\n/);
  return paragraphs.flatMap((paragraph) =>
    [...paragraph.matchAll(/(\p{L}?)(?<!`)(`+)(?!`)([^]*?)(?<!`)\2(?!`)(\p{L}?)/gu)]
      .filter(
        ([, before = '', , code = '', after = '']) => code.endsWith('\\') || before !== '' || after !== '',
      )
      .map(([span]) => span),
  );
}
