// A step of the build: writes what is needed of zxcvbn's language packages, which are not installed in production.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import * as common from '@zxcvbn-ts/language-common';
import * as german from '@zxcvbn-ts/language-de';
import * as english from '@zxcvbn-ts/language-en';
import { hashCommonPassword, hashLength } from './common-password-hash.js';
import { commonPasswordsFile } from './common-passwords.js';
import { minPasswordLength } from './password-length.js';
import { strengthWordsFile, type StrengthWords } from './strength-words.js';

const packages = ['@zxcvbn-ts/language-common', '@zxcvbn-ts/language-en', '@zxcvbn-ts/language-de'];

/** The hashes of common passwords, sorted. Shorter ones are refused for their length. */
function hashCommonPasswords(): Buffer {
  const hashes = new Set(
    common.dictionary['passwords-common']
      .map(String)
      .filter((each) => each.length >= minPasswordLength)
      .map(hashCommonPassword),
  );
  const file = Buffer.alloc(hashes.size * hashLength);
  for (const [index, hash] of [...hashes].sort((one, other) => one - other).entries()) {
    file.writeUIntBE(hash, index * hashLength, hashLength);
  }
  return file;
}

function collectStrengthWords(): StrengthWords {
  const { commonWords, firstnames, lastnames, wikipedia } = german.dictionary;
  return {
    dictionary: {
      ...common.dictionary,
      ...english.dictionary,
      'commonWords-de': commonWords,
      'firstnames-de': firstnames,
      'lastnames-de': lastnames,
      'wikipedia-de': wikipedia,
    },
    graphs: common.adjacencyGraphs,
    texts: { en: pickTexts(english.translations), de: pickTexts(german.translations) },
  };
}

function pickTexts({ warnings, suggestions }: StrengthWords['texts']['en']): StrengthWords['texts']['en'] {
  return { warnings, suggestions };
}

/** Goes wherever the words go: the licenses, and where the words are from. */
function collectNotices(): string {
  return packages
    .flatMap((name) => {
      // Beside its folder `dist`.
      const folder = new URL('..', import.meta.resolve(name));
      return readdirSync(folder)
        .filter((file) => /^(LICENSE|NOTICE|THIRD_PARTY)/.test(file))
        .map((file) => `${name}: ${file}\n\n${readFileSync(new URL(file, folder), 'utf8').trim()}\n`);
    })
    .join('\n\n');
}

writeFileSync(commonPasswordsFile, hashCommonPasswords());
writeFileSync(strengthWordsFile, gzipSync(JSON.stringify(collectStrengthWords())));
writeFileSync(new URL('word-lists-notices.txt', import.meta.url), collectNotices());
