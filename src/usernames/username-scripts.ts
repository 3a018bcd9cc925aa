import { createHash } from 'node:crypto';
// eslint-disable-next-line @typescript-eslint/no-restricted-imports -- the table is loaded synchronously, and only where it is used
import { createRequire } from 'node:module';
import { mapWidth } from './username-profile.js';

/**
 * UTS 39: confusable names. A name must be of one script or of scripts that are written together (§5.2, "highly
 * restrictive"), and no two names may have the same skeleton (§4): the name with each character replaced by one that
 * stands for all that look like it.
 */

/** UAX 31, tables 5 and 7: the scripts that are in use today. */
const scripts = [
  ...['Arabic', 'Armenian', 'Bengali', 'Bopomofo', 'Cyrillic', 'Devanagari', 'Ethiopic', 'Georgian', 'Greek'],
  ...['Gujarati', 'Gurmukhi', 'Han', 'Hangul', 'Hebrew', 'Hiragana', 'Kannada', 'Katakana', 'Khmer', 'Lao'],
  ...['Latin', 'Malayalam', 'Myanmar', 'Oriya', 'Sinhala', 'Tamil', 'Telugu', 'Thaana', 'Thai', 'Tibetan'],
  ...[
    'Adlam',
    'Balinese',
    'Bamum',
    'Batak',
    'Canadian_Aboriginal',
    'Chakma',
    'Cham',
    'Cherokee',
    'Hanifi_Rohingya',
  ],
  ...['Javanese', 'Kayah_Li', 'Lepcha', 'Limbu', 'Lisu', 'Mandaic', 'Meetei_Mayek', 'Miao', 'New_Tai_Lue'],
  ...[
    'Newa',
    'Nko',
    'Nyiakeng_Puachue_Hmong',
    'Ol_Chiki',
    'Osage',
    'Saurashtra',
    'Sundanese',
    'Syloti_Nagri',
  ],
  ...['Syriac', 'Tai_Le', 'Tai_Tham', 'Tai_Viet', 'Tifinagh', 'Vai', 'Wancho', 'Yi'],
] as const;
/** The scripts of Japanese, Chinese and Korean, each with Latin. */
const scriptCombinations = [
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
] as const;

const allowedPatterns = [...scriptCombinations, ...scripts.map((script) => [script])].map(
  (each) =>
    new RegExp(
      `^[${[...each, 'Common', 'Inherited'].map((script) => `\\p{Script_Extensions=${script}}`).join('')}]*$`,
      'u',
    ),
);
const printableAscii = /^[!-~]*$/u;

/** Whether the name is of one script, or of one of the allowed combinations. */
export function isSingleScript(name: string): boolean {
  const mapped = mapWidth(name).normalize('NFC');
  return printableAscii.test(mapped) || allowedPatterns.some((writing) => writing.test(mapped));
}

const require = createRequire(import.meta.url);
/** Loaded when the first name is set, not at the start: its table has 100 KiB. */
let replaceConfusables: ((text: string) => string) | undefined;

/** The SHA-256 of a name's skeleton, in base64url: it is stored, and has the same length for any name. */
export function computeSkeletonKey(name: string): string {
  return createHash('sha256').update(computeSkeleton(name)).digest('base64url');
}

/**
 * The skeleton of a name (UTS 39 §4). Confusable characters are replaced before the case is mapped, because names are
 * shown with their capitals, and I looks like l; the result is in lower case, because names compare case-insensitively.
 */
export function computeSkeleton(name: string): string {
  replaceConfusables ??= require('unhomoglyph') as (text: string) => string;
  const visible = mapWidth(name)
    .normalize('NFD')
    .replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '');
  return replaceConfusables(visible).normalize('NFD').toLowerCase().normalize('NFD');
}
