import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { OptionsDictionary, OptionsGraph, TranslationKeys } from '@zxcvbn-ts/core';
import type { Language } from './password-violations.js';

/**
 * Written by the build, beside this module: what is needed of zxcvbn's language packages, which take ten times as much with
 * each module format, their sources and their source maps.
 */
export const strengthWordsFile = new URL('strength-words.json.gz', import.meta.url);

/** What zxcvbn knows of languages and keyboards. */
export interface StrengthWords {
  readonly dictionary: OptionsDictionary;
  readonly graphs: OptionsGraph;
  readonly texts: Readonly<Record<Language, Pick<TranslationKeys, 'warnings' | 'suggestions'>>>;
}

/** Takes some 30 ms: in a thread of its own. */
export function readStrengthWords(): StrengthWords {
  return JSON.parse(gunzipSync(readFileSync(strengthWordsFile)).toString()) as StrengthWords;
}
