/** The header that carries the access token. */
export interface TokenHeader {
  readonly name: string;
  /** The scheme before the token; undefined: the header is the token alone. */
  readonly scheme: string | undefined;
}

/** The headers of a request, as Node has them. */
export interface RawRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly rawHeaders: readonly string[];
}

/** The part of Node's request, and of Express's and Fastify's, that a guard uses. */
export interface FrameworkRequest {
  readonly headers: RawRequest['headers'];
  readonly rawHeaders?: readonly string[];
  /** Node's request within Fastify's. */
  readonly raw?: { readonly rawHeaders: readonly string[] };
}

export function toRawRequest({ headers, rawHeaders, raw }: FrameworkRequest): RawRequest {
  return { headers, rawHeaders: rawHeaders ?? raw?.rawHeaders ?? [] };
}

/**
 * A header in several lines is a list (RFC 9110 §5.3); Node drops all but the first line of some headers.
 * @param name in lower case.
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
 * Extracts the credentials for an authentication scheme from a header: `Bearer T` has `T`. The scheme is
 * case-insensitive, one space follows it (RFC 6750 §2.1), and the header may list several schemes (RFC 9110 §11.4,
 * §5.6.1). The token's form is not checked. Takes time linear in the header's length.
 * @returns undefined if the header has no credentials for the scheme, and null if they cannot be a token, such as two of
 *   them or a single word.
 */
export function parseCredentials(header: string, scheme: string): string | null | undefined {
  // The usual case. The HTTP parser has trimmed the header.
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
  // With a space it is of another scheme; a single word may be the token without a scheme.
  return element === '' || hasSpace(element) ? undefined : null;
}

/** Also if the space after the scheme is missing: such a header is refused as malformed, not as one without a token. */
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

/** Trims spaces and tabs alone: the white space that HTTP allows around an element (RFC 9110 §5.6.3). */
function trim(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isSpace(text[start])) start += 1;
  while (end > start && isSpace(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
