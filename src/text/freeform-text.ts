/** Characters that RFC 8264 §4.3 leaves out of FreeformClass. */
export const notFreeform =
  /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]/u;
/** BRAILLE PATTERN BLANK, which looks like a space but is not one. */
const blank = /\u2800/u;

/** Why a text is not allowed, to be put after the field's name in a message; undefined if it is allowed. */
export function validateFreeform(text: string): string | undefined {
  const [character] = notFreeform.exec(text) ?? blank.exec(text) ?? [];
  return character === undefined
    ? undefined
    : `must have characters that can be seen alone: ${formatCodePoint(character)} cannot be in it`;
}

/** The same for a name, which must not look like another one. */
export function validateName(name: string): string | undefined {
  return name.trim() === name ? validateFreeform(name) : 'must not begin or end with a space';
}

/** @returns the notation of Unicode, such as `U+200B`. */
export function formatCodePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
