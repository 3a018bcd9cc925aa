/** Digits of a hash that name its range: about a million ranges, each with some thousand known passwords. */
export const prefixLength = 5;

/**
 * Looks for a hash in its range, which has a line for each known password: the other 35 digits of its hash, a colon, and how
 * often it was seen. Lines that were seen 0 times are padding.
 * @throws {Error} where the text is something else, such as a proxy's page: that must not count as "not found".
 */
export function isInRange(text: string, hash: string): boolean {
  const suffix = hash.slice(prefixLength);
  const lines = text
    .toUpperCase()
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (!lines.every((line) => /^[0-9A-F]{35}:\d+$/.test(line))) {
    throw new Error('a range has other lines than 35 hexadecimal digits, a colon and a count');
  }
  return lines.some((line) => line.startsWith(suffix) && !/:0+$/.test(line));
}
