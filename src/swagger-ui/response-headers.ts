/** What one looks for in a response. The others are much the same for all. */
const first = [
  'content-type',
  'location',
  'allow',
  'www-authenticate',
  'retry-after',
  'ratelimit',
  'x-request-id',
  'etag',
  'cache-control',
];

/** The headers in the order in which they are shown: those that tell one response from another come first. */
export function sortHeaders(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const rank = (name: string): number => {
    const index = first.indexOf(name.toLowerCase());
    return index < 0 ? first.length : index;
  };
  return Object.fromEntries(Object.entries(headers).sort(([a], [b]) => rank(a) - rank(b)));
}
