import { randomUUID } from 'node:crypto';
import type { Queries } from '../database/database.js';
import { deleteExpiredRows } from '../database/expired-rows.js';
import type { RegistrationRow, UserRow } from '../database/schema.js';
import { toUsernameKey } from '../usernames/username.js';

export type { RegistrationRow };

/** Registrations of the last day, whose accounts are not made yet. */
export const registrationsStore = {
  /** An account that keeps an address from being registered: it is verified there, or is the name to log in with. */
  findHolder(queries: Queries, emailKey: string): Promise<Pick<UserRow, 'id' | 'username'> | undefined> {
    return queries
      .selectFrom('users')
      .select(['id', 'username'])
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('users as reached')
          .select('reached.id')
          .where('reached.email_key', '=', emailKey)
          .where('reached.email_verified_at', 'is not', null)
          .unionAll(
            eb
              .selectFrom('users as named')
              .select('named.id')
              .where('named.username_key', '=', toUsernameKey(emailKey)),
          ),
      )
      .where('deleted_at', 'is', null)
      .limit(1)
      .executeTakeFirst();
  },

  /** How many expire later than a time; it counts no further than `max`. */
  count(queries: Queries, expireAfter: number, max: number): Promise<number> {
    return countRows(queries, selectLive(queries, expireAfter), max);
  },

  /** How many messages went to an address whose links still work; it counts no further than `max`. */
  countSent(queries: Queries, emailKey: string, now: number, max: number): Promise<number> {
    return countRows(
      queries,
      selectLive(queries, now).where('email_key', '=', emailKey).where('sent', '=', 1),
      max,
    );
  },

  /** How many messages had a wrong code tried, of those that can still be used; it counts no further than `max`. */
  countMistaken(
    queries: Queries,
    { now, maxTries, max }: { readonly now: number; readonly maxTries: number; readonly max: number },
  ): Promise<number> {
    return countRows(
      queries,
      selectLive(queries, now).where('sent', '=', 1).where('tries_left', '<', maxTries),
      max,
    );
  },

  async insert(queries: Queries, row: RegistrationRow): Promise<void> {
    await queries.insertInto('latchkey_registrations').values(row).execute();
  },

  /** Of an account that is made: it counts for how many there were, and names nobody. */
  insertCounted(queries: Queries, now: number, expiresAt: number): Promise<void> {
    return registrationsStore.insert(queries, {
      ...{ token_hash: randomUUID(), client_hash: '', email: '', email_key: '' },
      ...{ username: null, display_name: null, language: null, password_hash: null },
      ...{ code_hash: '', tries_left: 0, sent: 0 },
      created_at: now,
      expires_at: expiresAt,
    });
  },

  findByToken(queries: Queries, tokenHash: string, now: number): Promise<RegistrationRow | undefined> {
    return queries
      .selectFrom('latchkey_registrations')
      .selectAll()
      .where('token_hash', '=', tokenHash)
      .where('expires_at', '>', now)
      .executeTakeFirst();
  },

  /** What was registered with a `registration_token`. */
  findByClient(queries: Queries, clientHash: string, now: number): Promise<RegistrationRow | undefined> {
    return selectOfClient(queries, clientHash, now).selectAll().executeTakeFirst();
  },

  /** Takes one of the tries of the newest code. @returns undefined where none is left. */
  tryCode(queries: Queries, clientHash: string, now: number): Promise<RegistrationRow | undefined> {
    return queries
      .updateTable('latchkey_registrations')
      .set((eb) => ({ tries_left: eb('tries_left', '-', 1) }))
      .where('token_hash', '=', selectOfClient(queries, clientHash, now).select('token_hash'))
      .where('tries_left', '>', 0)
      .returningAll()
      .executeTakeFirst();
  },

  /** Gives back the try of a code that was right. */
  async returnTry(queries: Queries, tokenHash: string): Promise<void> {
    await queries
      .updateTable('latchkey_registrations')
      .set((eb) => ({ tries_left: eb('tries_left', '+', 1) }))
      .where('token_hash', '=', tokenHash)
      .execute();
  },

  /** Uses up the link, and all others of its address. @returns whether it was there: one of several callers gets it. */
  async take(queries: Queries, message: RegistrationRow, now: number): Promise<boolean> {
    const { token_hash: hash, email_key: key, expires_at: expiresAt } = message;
    const taken = await queries
      .deleteFrom('latchkey_registrations')
      .where('token_hash', '=', hash)
      .where('expires_at', '>', now)
      .returning('token_hash')
      .executeTakeFirst();
    if (!taken) return false;
    await queries.deleteFrom('latchkey_registrations').where('email_key', '=', key).execute();
    await registrationsStore.insertCounted(queries, now, expiresAt);
    return true;
  },

  /** Those with an address, the last ones first. */
  list(
    queries: Queries,
    { now, limit }: { readonly now: number; readonly limit: number },
  ): Promise<RegistrationRow[]> {
    return queries
      .selectFrom('latchkey_registrations')
      .selectAll()
      .where('expires_at', '>', now)
      .where('email_key', '!=', '')
      .orderBy('expires_at', 'desc')
      .limit(limit)
      .execute();
  },

  /** @returns how many. */
  deleteExpired(queries: Queries, now: number, limit: number): Promise<number> {
    return deleteExpiredRows(queries, 'latchkey_registrations', ['token_hash'], now, limit);
  },
};

/** The newest message of a registration, of those that were sent. */
function selectOfClient(queries: Queries, clientHash: string, now: number) {
  return queries
    .selectFrom('latchkey_registrations')
    .where('client_hash', '=', clientHash)
    .where('expires_at', '>', now)
    .orderBy('sent', 'desc')
    .orderBy('created_at', 'desc')
    .limit(1);
}

function selectLive(queries: Queries, now: number) {
  return queries.selectFrom('latchkey_registrations').where('expires_at', '>', now);
}

async function countRows(
  queries: Queries,
  rows: ReturnType<typeof selectLive>,
  max: number,
): Promise<number> {
  const counted = rows.select('expires_at').limit(max).as('counted');
  const { count } = await queries
    .selectFrom(counted)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}
