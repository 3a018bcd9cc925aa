/** Why no database stores a text as it is, to be put after its name in a message; undefined if it is stored. */
export function findUnstorable(text: string): string | undefined {
  // UTF-8 has no such halves: U+FFFD would be stored.
  if (!text.isWellFormed()) return 'has half of a surrogate pair';
  return text.includes('\0') ? 'has the character U+0000' : undefined;
}
