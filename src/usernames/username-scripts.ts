import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { mapWidth } from './username-profile.js';

/**
 * UTS 39: names that look like others. A name is of one script, or of those that are written together (§5.2, "highly
 * restrictive"), and no two have the same skeleton (§4), which is what is left of a name where characters that look
 * alike are one.
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
/** What Japanese, Chinese and Korean are written with. */
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

/** Whether the name is of one script, or of those of one way of writing. */
export function isSingleScript(name: string): boolean {
  const mapped = mapWidth(name).normalize('NFC');
  return printableAscii.test(mapped) || allowedPatterns.some((writing) => writing.test(mapped));
}

const require = createRequire(import.meta.url);
/** Loaded with the first name that is set: 100 KiB of what looks like what. */
let replaceConfusables: ((text: string) => string) | undefined;

/** The skeleton as it is stored: of one length, however long a name's skeleton is. SHA-256, base64url. */
export function skeletonKey(name: string): string {
  return createHash('sha256').update(computeSkeleton(name)).digest('base64url');
}

/**
 * What names that look alike have in common. As a name is shown, so it is compared: with its capitals, of which I looks
 * like l; but without regard to case at the end, for the same name may be shown in either.
 */
export function computeSkeleton(name: string): string {
  replaceConfusables ??= require('unhomoglyph') as (text: string) => string;
  const visible = mapWidth(name)
    .normalize('NFD')
    .replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '');
  return replaceConfusables(visible).normalize('NFD').toLowerCase().normalize('NFD');
}
