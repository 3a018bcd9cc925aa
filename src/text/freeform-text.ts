/** RFC 8264 §4.3: what FreeformClass has not. */
export const notFreeform =
  /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]/u;
/** A braille cell without dots, which looks like a space and is none. */
const blank = /\u2800/u;

/** Why a text cannot be shown to people as what it is; undefined where it can. For a person, after the field's name. */
export function validateFreeform(text: string): string | undefined {
  const [character] = notFreeform.exec(text) ?? blank.exec(text) ?? [];
  return character === undefined
    ? undefined
    : `must have characters that can be seen alone: ${formatCodePoint(character)} cannot be in it`;
}

/** The same of a name, which must look like no other. */
export function validateName(name: string): string | undefined {
  return name.trim() === name ? validateFreeform(name) : 'must not begin or end with a space';
}

/** Such as U+200B. */
export function formatCodePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
