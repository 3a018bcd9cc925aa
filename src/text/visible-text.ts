/** A terminal obeys control characters, and another's text may be in a message: they are shown by their numbers. */
export function showControls(text: string): string {
  return text.replaceAll(/\p{C}/gu, show);
}

/** The same for a text of several lines. */
export function showControlsInLines(text: string): string {
  return text.replaceAll(/[^\P{C}\n]/gu, show);
}

/** JSON escapes control characters below U+0020 by itself. What it leaves is written as it may be, too. */
export function toVisibleJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

function show(character: string): string {
  const digits = (character.codePointAt(0) ?? 0).toString(16);
  return digits.length > 4 ? `\\u{${digits}}` : `\\u${digits.padStart(4, '0')}`;
}
