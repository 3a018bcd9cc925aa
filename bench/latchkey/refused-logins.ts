import { pbkdf2Sync, randomBytes, scryptSync } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { hashSync } from '@node-rs/argon2';
import { hashSync as hashBcrypt } from '@node-rs/bcrypt';
import { loadBuilt } from './built.ts';
import { enrolledPassword, importUsers, nameOf as enrolledName } from './enrolled-users.ts';
import { nameOf, populate } from './populate.ts';
import type { Prepared } from './latchkey.ts';

/** So many accounts of each kind: an attempt that fails is counted for its account. */
const accounts = 10;

/** Kinds of logins that are refused, and must not be told apart by the time that takes. */
export const kinds = [
  'wrong password',
  'wrong password again',
  'unknown',
  'disabled',
  'outdated',
  'sessions',
  'bcrypt',
  'scrypt',
  'pbkdf2',
  'factor',
  'factor, right password',
] as const;
export type Kind = (typeof kinds)[number];

/** As another application would make them, at low costs: each login computes all three. */
const foreignHashes = {
  bcrypt: (password: string) => hashBcrypt(password, 5),
  scrypt: (password: string) => {
    const salt = randomBytes(8).toString('hex');
    return `scrypt:4096:8:1$${salt}$${scryptSync(password, salt, 64, { N: 4096, r: 8, p: 1 }).toString('hex')}`;
  },
  pbkdf2: (password: string) => {
    const salt = randomBytes(8).toString('hex');
    return `pbkdf2:sha256:20000$${salt}$${pbkdf2Sync(password, salt, 20_000, 32, 'sha256').toString('hex')}`;
  },
} satisfies Partial<Record<Kind, (password: string) => string>>;

/** How many users `prepare` has to make. */
export const users = 7 * accounts;

export interface Login {
  readonly username: string;
  readonly password: string;
}

/**
 * Makes the accounts of each kind of those that are there.
 * @param sessions of the account that has many.
 * @param folder for the users that are imported.
 * @returns the logins, as they are tried in turn.
 */
export async function makeAccounts(
  prepared: Prepared,
  sessions: number,
  folder: string,
): Promise<Readonly<Record<Kind, readonly Login[]>>> {
  const { toStoredHash } = await loadBuilt('passwords/stored-hash.js');
  const numbers = (first: number): number[] => Array.from({ length: accounts }, (_, index) => first + index);
  const [wrong = [], again = [], disabled = [], outdated = [], bcrypt = [], scrypt = [], pbkdf2 = []] =
    Array.from({ length: users / accounts }, (_, kind) => numbers(kind * accounts));
  importUsers(prepared, 2 * accounts, folder);
  populate(prepared, { users: 1, sessions: 0, roles: [], holders: 0, sessionsOfOne: sessions });
  const database = new DatabaseSync(prepared.settings['DATABASE_URL']?.replace('sqlite:', '') ?? '');
  const disable = database.prepare('update users set disabled_at = ? where username = ?');
  for (const index of disabled) disable.run(Date.now(), usernameOf(index));
  const replaceHash = database.prepare('update users set password_hash = ? where username = ?');
  for (const index of outdated) {
    const hash = hashSync(passwordOf(index), { memoryCost: 12_288, timeCost: 3, parallelism: 1 });
    replaceHash.run(hash, usernameOf(index));
  }
  for (const [kind, indexes] of Object.entries({ bcrypt, scrypt, pbkdf2 })) {
    for (const index of indexes) {
      const hash = toStoredHash(foreignHashes[kind as keyof typeof foreignHashes](passwordOf(index)));
      if ('error' in hash) throw new Error(`A hash by ${kind} ${hash.error}`);
      replaceHash.run(hash.stored, usernameOf(index));
    }
  }
  database.close();
  const withWrong = (username: string): Login => ({ username, password: 'a password that is another one' });
  return {
    'wrong password': wrong.map((index) => withWrong(usernameOf(index))),
    'wrong password again': again.map((index) => withWrong(usernameOf(index))),
    unknown: wrong.map((index) => withWrong(`nobody-${index}`)),
    disabled: disabled.map((index) => ({ username: usernameOf(index), password: passwordOf(index) })),
    outdated: outdated.map((index) => withWrong(usernameOf(index))),
    sessions: [withWrong(nameOf(0))],
    bcrypt: bcrypt.map((index) => withWrong(usernameOf(index))),
    scrypt: scrypt.map((index) => withWrong(usernameOf(index))),
    pbkdf2: pbkdf2.map((index) => withWrong(usernameOf(index))),
    factor: numbers(0).map((index) => withWrong(enrolledName(true, index))),
    'factor, right password': numbers(accounts).map((index) => ({
      username: enrolledName(true, index),
      password: enrolledPassword,
    })),
  };
}

/** As `prepare` names them. */
function usernameOf(index: number): string {
  return `user-${index}`;
}

function passwordOf(index: number): string {
  return `the long enough password of number ${index}`;
}
