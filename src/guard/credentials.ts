/**
 * What a header holds for an authentication scheme: `Bearer T` has `T`. The scheme's case does not matter, one space
 * comes after it (RFC 6750 §2.1), and the header may list several schemes (RFC 9110 §11.4 and §5.6.1). Whether it has the
 * form of a token is for its verification to say. In time that is linear in the length of the header.
 * @returns undefined where it holds nothing for this scheme, and null where what it holds cannot be a token: two of
 *   them, say, or a lone word.
 */
export function credentialsOf(header: string, scheme: string): string | null | undefined {
  const alone = isOf(header, scheme) ? credentialsAfter(header, scheme) : undefined;
  if (typeof alone === 'string' && !alone.includes(',')) return alone;
  const elements = header
    .split(',')
    .map(trim)
    .filter((element) => element !== '');
  const own = elements.filter((element) => isOf(element, scheme));
  const [first = '', ...others] = own;
  if (own.length > 0) return others.length === 0 ? credentialsAfter(first, scheme) : null;
  // Of another scheme, unless it says none: the token alone, say.
  return elements.length === 1 && !hasSpace(elements[0] ?? '') ? null : undefined;
}

/** A slip such as a missing space is taken for what was meant, and refused. */
function isOf(element: string, scheme: string): boolean {
  return element.startsWith(scheme) || element.slice(0, scheme.length).toLowerCase() === scheme.toLowerCase();
}

function credentialsAfter(element: string, { length }: string): string | null {
  const credentials = element.slice(length + 1);
  return element[length] === ' ' && credentials !== '' && !hasSpace(credentials) ? credentials : null;
}

function hasSpace(text: string): boolean {
  return text.includes(' ') || text.includes('\t');
}

/** Of spaces and tabs alone, which HTTP allows around an element. */
function trim(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isSpace(text[start])) start += 1;
  while (end > start && isSpace(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
