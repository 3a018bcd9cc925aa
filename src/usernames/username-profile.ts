import { formatCodePoint } from '../text/freeform-text.js';

/**
 * RFC 8265's UsernameCaseMapped profile (§3.3), which says what names are allowed. They are compared by
 * `toUsernameKey`, which maps them as the profile does.
 */

/** RFC 8264 §9.6: exceptions that override the rules. Joiners (U+200C, U+200D) are refused here in any context. */
const allowedExceptions = /^[\u00df\u03c2\u06fd\u06fe\u0f0b\u3007]$/u;
const refusedExceptions = /^[\u0640\u07fa\u200c\u200d\u302e\u302f\u3031-\u3035\u303b]$/u;
const ascii = /^[!-~]$/u;
const oldHangulJamo = /^[\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]$/u;
const ignorable = /^[\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]$/u;
const lettersAndDigits = /^[\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}]$/u;

const greek = /^\p{Script=Greek}$/u;
const hebrew = /^\p{Script=Hebrew}$/u;
const japanese = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u;
const arabicIndicDigits = /[\u0660-\u0669]/u;
const extendedArabicIndicDigits = /[\u06f0-\u06f9]/u;

/** Fullwidth and halfwidth forms, and the ideographic space. */
const wide = /[\u3000\uff01-\uffee]/gu;

/** Why a name is not allowed, to be put after the field's name in a message; undefined if it is allowed. */
export function validateProfile(name: string): string | undefined {
  // §3.1: a username has one or more userparts, with spaces in between.
  for (const part of name.split(' ')) {
    const error = part === '' ? 'must not have two spaces side by side' : validateUserpart(part);
    if (error !== undefined) return error;
  }
  return undefined;
}

function validateUserpart(part: string): string | undefined {
  // §3.3.2: width, then case, then NFC; the result is checked.
  const mapped = mapWidth(part).toLowerCase().normalize('NFC');
  const characters = Array.from(mapped);
  const unfit = characters.find((character, place) => !isAllowed(character, place, characters));
  if (unfit !== undefined) {
    return `must have letters, digits, ASCII punctuation and single spaces alone: ${formatCodePoint(unfit)} cannot be in it`;
  }
  if (arabicIndicDigits.test(mapped) && extendedArabicIndicDigits.test(mapped)) {
    return 'must not mix the Arabic and the Persian digits';
  }
  if (!followsBidiRule(characters)) {
    return 'must not mix writing from right to left with writing from left to right, nor begin or end with what has no direction (RFC 5893)';
  }
  return undefined;
}

/** Replaces fullwidth and halfwidth characters by the ordinary ones. */
export function mapWidth(name: string): string {
  return name.replace(wide, (character) => character.normalize('NFKC'));
}

/** RFC 8264 §8: whether a character belongs to IdentifierClass at its place. */
function isAllowed(character: string, place: number, all: readonly string[]): boolean {
  if (ascii.test(character) || allowedExceptions.test(character)) return true;
  if (refusedExceptions.test(character)) return false;
  const inContext = contextRules[character];
  if (inContext) return inContext(place, all);
  if (oldHangulJamo.test(character) || ignorable.test(character)) return false;
  return character.normalize('NFKC') === character && lettersAndDigits.test(character);
}

/** RFC 5892 A.3 to A.7: characters that are allowed only beside certain others. */
const contextRules: Readonly<Record<string, (place: number, all: readonly string[]) => boolean>> = {
  '\u00b7': (place, all) => all[place - 1] === 'l' && all[place + 1] === 'l',
  '\u0375': (place, all) => greek.test(all[place + 1] ?? ''),
  '\u05f3': (place, all) => hebrew.test(all[place - 1] ?? ''),
  '\u05f4': (place, all) => hebrew.test(all[place - 1] ?? ''),
  '\u30fb': (_place, all) => all.some((each) => each !== '\u30fb' && japanese.test(each)),
};

/** The blocks that Unicode reserves for scripts that are written from right to left. */
const rightToLeft = /^[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]$/u;
const mark = /^[\p{Mn}\p{Me}]$/u;
const europeanDigit = /^[0-9\u06f0-\u06f9]$/u;
const arabicDigit = /^[\u0660-\u0669\u{10d30}-\u{10d39}\u{10d40}-\u{10d49}]$/u;
const letterOrDigit = /^[\p{L}\p{N}\p{Mc}]$/u;

type Direction = 'right' | 'left' | 'arabic digit' | 'european digit' | 'mark' | 'none';

function getDirection(character: string): Direction {
  if (mark.test(character)) return 'mark';
  if (europeanDigit.test(character)) return 'european digit';
  if (arabicDigit.test(character)) return 'arabic digit';
  if (rightToLeft.test(character)) return 'right';
  return letterOrDigit.test(character) ? 'left' : 'none';
}

/** RFC 5893 §2, which applies to names that have right-to-left characters. */
function followsBidiRule(characters: readonly string[]): boolean {
  const directions = characters.map(getDirection);
  if (!directions.includes('right') && !directions.includes('arabic digit')) return true;
  const last = directions.findLast((direction) => direction !== 'mark');
  if (directions[0] === 'left') {
    return (
      !directions.includes('right') &&
      !directions.includes('arabic digit') &&
      (last === 'left' || last === 'european digit')
    );
  }
  return (
    directions[0] === 'right' &&
    !directions.includes('left') &&
    !(directions.includes('european digit') && directions.includes('arabic digit')) &&
    last !== 'none'
  );
}
