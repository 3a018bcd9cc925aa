/** The headers that differ between responses; the others are much the same for all. */
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

/** Sorts headers for display: those that differ between responses come first. */
export function sortHeaders(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const rank = (name: string): number => {
    const index = first.indexOf(name.toLowerCase());
    return index < 0 ? first.length : index;
  };
  return Object.fromEntries(Object.entries(headers).sort(([a], [b]) => rank(a) - rank(b)));
}
