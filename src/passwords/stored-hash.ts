import { findUnstorable } from '../text/storable-text.js';
import { parseForeignHash, type ForeignHash, type RefusedHash } from './foreign-hash.js';

/**
 * How a foreign hash is stored: `imported-hash/1/<family>/<amount>/<the hash>`. The beginning has 16 characters, so that
 * the index of argon2id's costs, which start there, has one entry for all of them; and in the order of the texts the
 * largest amount of each family is last.
 */
const prefix = 'imported-hash/1/';
const amountDigits = 10;
/** `/` and the character after it, in the order of code points. */
const afterSlash = '0';

/** The texts from `first` up to `end` are foreign hashes; of one family, where one is given. */
export function getStoredRange(family?: string): { readonly first: string; readonly end: string } {
  const first = family === undefined ? prefix : `${prefix}${family}/`;
  return { first, end: first.slice(0, -1) + afterSlash };
}

/** What to store for a hash that another application made: argon2id's as it is. */
export function toStoredHash(
  text: string,
): { readonly stored: string; readonly family: string } | RefusedHash {
  // Only here: what one database has stored already can be checked.
  const error = findUnstorable(text);
  if (error !== undefined)
    return { error: `${error}, which no application writes: something was changed on its way` };
  const parsed = parseForeignHash(text);
  if ('error' in parsed) return parsed;
  const { family, amount } = parsed;
  if (family.startsWith('argon2id:')) return { stored: text.replace(/^argon2\$/, '$'), family };
  return { stored: `${prefix}${family}/${String(amount).padStart(amountDigits, '0')}/${text}`, family };
}

/** The notation in which `toStoredHash` takes a stored hash again. */
export function toExportedHash(stored: string): string {
  return stored.startsWith(prefix) ? stored.split('/').slice(4).join('/') : stored;
}

/** @returns undefined for a hash of this service. */
export function readForeignHash(stored: string): ForeignHash | undefined {
  if (!stored.startsWith(prefix)) return undefined;
  const parsed = parseForeignHash(toExportedHash(stored));
  return 'error' in parsed ? undefined : parsed;
}

/** What is computed for a foreign hash, and how much of it. */
export interface Computation {
  readonly family: string;
  readonly amount: number;
}

/**
 * Without reading the hash itself, which takes a twentieth of a millisecond.
 * @returns undefined for a hash of this service.
 */
export function readComputation(stored: string): Computation | undefined {
  if (!stored.startsWith(prefix)) return undefined;
  const [, , family = '', amount] = stored.split('/');
  return { family, amount: Number(amount) };
}

/** Whether a password can be checked by it. */
export function isPasswordHash(stored: string): boolean {
  return stored.startsWith('$argon2id$') || readForeignHash(stored) !== undefined;
}

/** More would make each login compute for seconds: it computes every kind that is in use. */
export const maxHashKinds = 8;

/** Why a hash of one more kind is not taken, to be put after the field's name; undefined where it is. */
export function refuseHashKind(family: string, inUse: ReadonlySet<string>): string | undefined {
  if (inUse.has(family) || inUse.size < maxHashKinds) return undefined;
  return `would be of the ${maxHashKinds + 1}th kind (${family}), and each login computes all of them: import the user without it, or when others have logged in`;
}
