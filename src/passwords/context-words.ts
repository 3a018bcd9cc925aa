import { foldCase } from './common-password-hash.js';

/** Whose password it is: what an attacker who knows the account tries first. */
export interface PasswordOwner {
  readonly username: string;
  readonly email?: string | undefined;
  readonly displayName?: string | undefined;
}

/** Shorter words are in many passwords by chance. */
const minOwnerWord = 3;
const minServiceWord = 4;
/** Characters that a password must have beside context words, not counting ASCII punctuation. */
export const minBesideWords = 6;

/** Characters that are written for each other: both sides of a comparison are mapped. */
const lookalikes: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '!': 'i',
  l: 'i',
  '|': 'i',
  '3': 'e',
  '4': 'a',
  '@': 'a',
  '5': 's',
  $: 's',
  '7': 't',
  '+': 't',
};

/** The words in the names of an account: whole, and their parts. */
export function listOwnerWords({ username, email = '', displayName = '' }: PasswordOwner): string[] {
  const at = email.lastIndexOf('@');
  const local = at < 0 ? email : email.slice(0, at);
  return [
    ...splitWords(username, minOwnerWord),
    ...splitWords(local, minOwnerWord),
    ...splitWords(displayName, minOwnerWord),
    ...listHostWords(email.slice(at + 1)),
  ];
}

/** The words of a service: its own name, and those in the name of its host. */
export function listServiceWords(issuer: string): string[] {
  const host = URL.canParse(issuer) ? new URL(issuer).hostname : '';
  return ['latchkey', ...listHostWords(host)];
}

/** Without the top-level domain, and without what is an address. */
function listHostWords(host: string): string[] {
  const labels = host.split('.');
  return (labels.length > 1 ? labels.slice(0, -1) : labels).flatMap((label) =>
    /[a-z]/i.test(label) ? splitWords(label, minServiceWord) : [],
  );
}

function splitWords(text: string, min: number): string[] {
  return [text, ...text.split(/[^\p{L}\p{N}\p{M}]+/u)].filter(
    (word) => Array.from(word.trim()).length >= min,
  );
}

/**
 * @returns the first of the words that the password mainly consists of; undefined where it has enough other characters.
 */
export function findContextWord(password: string, words: readonly string[]): string | undefined {
  const letters = foldCase(password).replaceAll(/\s/g, '');
  const comparable = toComparable(letters);
  /** What is left of both, with the same places. */
  let rest = { letters, comparable };
  let first: string | undefined;
  // The longest first: parts of them are in the list, too.
  for (const word of [...new Set(words)].sort((one, other) => other.length - one.length)) {
    const left = removeWord(rest, toComparable(foldCase(word).replaceAll(/\s/g, '')));
    if (left === rest) continue;
    rest = left;
    first ??= word;
  }
  return first !== undefined && countBeside(rest.letters) < minBesideWords ? first : undefined;
}

interface Rest {
  readonly letters: string;
  readonly comparable: string;
}

/** @returns the same object where the word is not in it. */
function removeWord(rest: Rest, word: string): Rest {
  if (word === '' || !rest.comparable.includes(word)) return rest;
  let letters = '';
  let from = 0;
  for (;;) {
    const at = rest.comparable.indexOf(word, from);
    if (at < 0) break;
    letters += rest.letters.slice(from, at);
    from = at + word.length;
  }
  return { letters: letters + rest.letters.slice(from), comparable: rest.comparable.replaceAll(word, '') };
}

/** Signs between and after words are what attackers try first. */
function countBeside(letters: string): number {
  return Array.from(letters.replaceAll(/[!-/:-@[-`{-~]/g, '')).length;
}

/** Each character stays one, of the same length. */
function toComparable(folded: string): string {
  return Array.from(folded, (each) => lookalikes[each] ?? each).join('');
}
