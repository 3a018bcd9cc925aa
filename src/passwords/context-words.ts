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
/** Characters that a password must have beside context words. */
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
 * @returns the first of the words of which the password consists but for a few characters; undefined where there is more to it.
 */
export function findContextWord(password: string, words: readonly string[]): string | undefined {
  let rest = toComparable(password);
  let first: string | undefined;
  // The longest first: parts of them are in the list, too.
  for (const word of [...new Set(words)].sort((one, other) => other.length - one.length)) {
    const comparable = toComparable(word);
    if (comparable === '' || !rest.includes(comparable)) continue;
    rest = rest.replaceAll(comparable, '');
    first ??= word;
  }
  return first !== undefined && Array.from(rest).length < minBesideWords ? first : undefined;
}

function toComparable(text: string): string {
  return Array.from(foldCase(text).replaceAll(/\s/g, ''), (each) => lookalikes[each] ?? each).join('');
}
