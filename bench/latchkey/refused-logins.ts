import { DatabaseSync } from 'node:sqlite';
import { hashSync } from '@node-rs/argon2';
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
] as const;
export type Kind = (typeof kinds)[number];

/** How many users `prepare` has to make. */
export const users = 4 * accounts;

export interface Login {
  readonly username: string;
  readonly password: string;
}

/**
 * Makes the accounts of each kind of those that are there.
 * @param sessions of the account that has many.
 * @returns the logins, as they are tried in turn.
 */
export function makeAccounts(prepared: Prepared, sessions: number): Readonly<Record<Kind, readonly Login[]>> {
  const numbers = (first: number): number[] => Array.from({ length: accounts }, (_, index) => first + index);
  const [wrong, again, disabled, outdated] = [0, 1, 2, 3].map((kind) => numbers(kind * accounts)) as [
    number[],
    number[],
    number[],
    number[],
  ];
  populate(prepared, { users: 1, sessions: 0, roles: [], holders: 0, sessionsOfOne: sessions });
  const database = new DatabaseSync(prepared.settings['DATABASE_URL']?.replace('sqlite:', '') ?? '');
  const disable = database.prepare('update users set disabled_at = ? where username = ?');
  for (const index of disabled) disable.run(Date.now(), usernameOf(index));
  const replaceHash = database.prepare('update users set password_hash = ? where username = ?');
  for (const index of outdated) {
    const hash = hashSync(passwordOf(index), { memoryCost: 12_288, timeCost: 3, parallelism: 1 });
    replaceHash.run(hash, usernameOf(index));
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
  };
}

/** As `prepare` names them. */
function usernameOf(index: number): string {
  return `user-${index}`;
}

function passwordOf(index: number): string {
  return `the long enough password of number ${index}`;
}
