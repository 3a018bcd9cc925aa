import { DatabaseSync } from 'node:sqlite';
import { nameOf, populate } from './populate.ts';
import type { Prepared } from './latchkey.ts';

/** What may be with an address, and must not be told by the time that a request about it takes. */
export const kinds = ['unknown', 'unknown again', 'known', 'disabled', 'unproved'] as const;
export type Kind = (typeof kinds)[number];

/**
 * Makes accounts with addresses, as many of each kind: each is asked for once, since an address gets few messages.
 * @returns the addresses of each kind.
 */
export function makeAddresses(prepared: Prepared, count: number): Readonly<Record<Kind, readonly string[]>> {
  const withAccount = ['known', 'disabled', 'unproved'] as const;
  populate(prepared, {
    users: withAccount.length * count,
    sessions: 0,
    roles: [],
    holders: 0,
    sessionsOfOne: 0,
  });
  const database = new DatabaseSync(prepared.settings['DATABASE_URL']?.replace('sqlite:', '') ?? '');
  database.exec('begin');
  const update = database.prepare(
    'update users set email = ?1, email_key = ?1, email_verified_at = ?2, disabled_at = ?3 where username = ?4',
  );
  const now = Date.now();
  const of = (place: number): string[] =>
    Array.from({ length: count }, (_, index) => `${nameOf(place * count + index)}@example.com`);
  const addresses = {
    unknown: of(withAccount.length),
    'unknown again': of(withAccount.length + 1),
    known: of(0),
    disabled: of(1),
    unproved: of(2),
  };
  for (const kind of withAccount) {
    for (const address of addresses[kind]) {
      const [username = ''] = address.split('@');
      update.run(address, kind === 'unproved' ? null : now, kind === 'disabled' ? now : null, username);
    }
  }
  database.exec('commit');
  database.close();
  return addresses;
}
