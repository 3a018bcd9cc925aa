/** How an access token comes in a request. */
export interface TokenHeader {
  readonly name: string;
  /** The word before the token; undefined: the token alone. */
  readonly scheme: string | undefined;
}

/** What Node's request has of headers. */
export interface RawRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly rawHeaders: readonly string[];
}

/**
 * A header in several lines is a list (RFC 9110 §5.3); Node drops all but the first line of some headers.
 * @param name in small letters.
 */
export function readHeader({ headers, rawHeaders }: RawRequest, name: string): string | undefined {
  const value = headers[name];
  if (typeof value !== 'string') return value?.join(',');
  let lines = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const given = rawHeaders[index] ?? '';
    if (given.length === name.length && given.toLowerCase() === name) lines += 1;
  }
  if (lines <= 1) return value;
  return rawHeaders
    .filter((_, index) => rawHeaders[index - 1]?.toLowerCase() === name && index % 2 === 1)
    .join(',');
}

/**
 * What a header holds for an authentication scheme: `Bearer T` has `T`. The scheme's case does not matter, one space
 * comes after it (RFC 6750 §2.1), and the header may list several schemes (RFC 9110 §11.4 and §5.6.1). Whether it has the
 * form of a token is for its verification to say. In time that is linear in the length of the header.
 * @returns undefined where it holds nothing for this scheme, and null where what it holds cannot be a token: two of
 *   them, say, or a lone word.
 */
export function parseCredentials(header: string, scheme: string): string | null | undefined {
  // Nearly every one. Around a whole header HTTP has taken spaces away already.
  if (!header.includes(',')) return parseElement(header, scheme);
  const elements = header
    .split(',')
    .map(trim)
    .filter((element) => element !== '');
  const own = elements.filter((element) => hasScheme(element, scheme));
  if (own.length === 0 && elements.length > 1) return undefined;
  return own.length > 1 ? null : parseElement(own[0] ?? elements[0] ?? '', scheme);
}

function parseElement(element: string, scheme: string): string | null | undefined {
  if (hasScheme(element, scheme)) return parseAfterScheme(element, scheme);
  // Of another scheme, unless it names none: the token alone, say.
  return element === '' || hasSpace(element) ? undefined : null;
}

/** A slip such as a missing space is taken for what was meant, and refused. */
function hasScheme(element: string, scheme: string): boolean {
  return element.startsWith(scheme) || element.slice(0, scheme.length).toLowerCase() === scheme.toLowerCase();
}

function parseAfterScheme(element: string, { length }: string): string | null {
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
