const reasons = { surrogate: 'has half of a surrogate pair', nul: 'has the character U+0000' };

/** What no database stores as it is: UTF-8 has no half of a surrogate pair, for which U+FFFD would be stored. */
export function findUnstorableKind(text: string): keyof typeof reasons | undefined {
  if (!text.isWellFormed()) return 'surrogate';
  return text.includes('\0') ? 'nul' : undefined;
}

/** Why no database stores a text as it is, to be put after its name in a message; undefined if it is stored. */
export function findUnstorable(text: string): string | undefined {
  const kind = findUnstorableKind(text);
  return kind && reasons[kind];
}
