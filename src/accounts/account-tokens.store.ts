import { sql } from 'kysely';
import type { BatchStatement } from '../database/batch.js';
import type { Queries } from '../database/database.js';
import { deleteExpiredRows } from '../database/expired-rows.js';
import type { AccountTokenRow, UserRow } from '../database/schema.js';
import { hour } from './account-tokens.js';

type Purpose = AccountTokenRow['purpose'];
type NewAddress = Pick<AccountTokenRow, 'new_email' | 'new_email_key'>;

/** A token, as far as it can still be used. */
interface LiveToken {
  readonly purpose: Purpose;
  readonly hash: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/** The user of an address, as far as a token for the account needs it. */
export type TokenUser = Pick<UserRow, 'id' | 'username' | 'email' | 'email_key' | 'display_name' | 'version'>;

/** The same, with what a login needs. */
export type LinkedUser = TokenUser & Pick<UserRow, 'password_hash' | 'second_factors' | 'session_epoch'>;

const tokenUser = ['id', 'username', 'email', 'email_key', 'display_name', 'version'] as const;

/** Tokens that messages take to users: each is good for one thing, once. */
export const accountTokensStore = {
  /** An enabled user with this verified address. */
  findByAddress(queries: Queries, emailKey: string): Promise<TokenUser | undefined> {
    return queries
      .selectFrom('users')
      .select(tokenUser)
      .where('email_key', '=', emailKey)
      .where('email_verified_at', 'is not', null)
      .where('disabled_at', 'is', null)
      .where('deleted_at', 'is', null)
      .executeTakeFirst();
  },

  /** How many were issued since a time. */
  async countSince(
    queries: Queries,
    {
      purpose,
      userId,
      since,
    }: { readonly purpose: Purpose; readonly userId: string; readonly since: number },
  ): Promise<number> {
    const { issued } = await queries
      .selectFrom('latchkey_account_tokens')
      .select(({ fn }) => fn.countAll<number>().as('issued'))
      .where('user_id', '=', userId)
      .where('purpose', '=', purpose)
      .where('created_at', '>', since)
      .executeTakeFirstOrThrow();
    return issued;
  },

  /** How many would give some account this address, and were issued since a time. */
  async countOfNewAddress(queries: Queries, key: string, since: number): Promise<number> {
    const { issued } = await queries
      .selectFrom('latchkey_account_tokens')
      .select(({ fn }) => fn.countAll<number>().as('issued'))
      .where('new_email_key', '=', key)
      .where('created_at', '>', since)
      .executeTakeFirstOrThrow();
    return issued;
  },

  async insert(
    queries: Queries,
    row: Omit<AccountTokenRow, keyof NewAddress> & Partial<NewAddress>,
  ): Promise<void> {
    await queries
      .insertInto('latchkey_account_tokens')
      .values({ new_email: null, new_email_key: null, ...row })
      .execute();
  },

  /** The user that a token is for, if it can still be used. */
  findUser(queries: Queries, { purpose, hash, now }: LiveToken): Promise<LinkedUser | undefined> {
    return queries
      .selectFrom('users')
      .select([...tokenUser, 'password_hash', 'second_factors', 'session_epoch'])
      .where('disabled_at', 'is', null)
      .where('deleted_at', 'is', null)
      .where(
        sql<boolean>`exists (select 1 from latchkey_account_tokens tokens where tokens.token_hash = ${hash}
          and tokens.purpose = ${purpose} and tokens.expires_at > ${now} and tokens.user_id = users.id
          and tokens.user_version = users.version and tokens.email_key = coalesce(users.email_key, ''))`,
      )
      .where(
        'id',
        '=',
        queries.selectFrom('latchkey_account_tokens').select('user_id').where('token_hash', '=', hash),
      )
      .executeTakeFirst();
  },

  /**
   * Uses a token up: of several who try at once, one does. It has ended where the account has changed since: another password,
   * name, address or other roles.
   * @returns the user, and the address that the account gets by it; undefined where the token cannot be used.
   */
  consume(
    queries: Queries,
    token: LiveToken,
  ): Promise<Pick<AccountTokenRow, 'user_id' | 'new_email'> | undefined> {
    return createConsumeQuery(queries, token).executeTakeFirst();
  },

  /** The same for a batch, which fails where the token cannot be used. */
  prepareConsume(queries: Queries, token: LiveToken): BatchStatement {
    return { query: createConsumeQuery(queries, token), required: true };
  },

  /** Takes one of the tries that the newest code of a user has. @returns its token; undefined where it has no try left. */
  tryCode(
    queries: Queries,
    {
      purposes,
      userId,
      now,
    }: { readonly purposes: readonly Purpose[]; readonly userId: string; readonly now: number },
  ): Promise<Pick<AccountTokenRow, 'token_hash' | 'code_hash' | 'purpose'> | undefined> {
    return queries
      .updateTable('latchkey_account_tokens')
      .set((eb) => ({ tries_left: eb('tries_left', '-', 1) }))
      .where('token_hash', '=', (eb) =>
        eb
          .selectFrom('latchkey_account_tokens as newest')
          .select('newest.token_hash')
          .where('newest.user_id', '=', userId)
          .where('newest.purpose', 'in', purposes)
          .where('newest.expires_at', '>', now)
          .orderBy('newest.created_at', 'desc')
          .limit(1),
      )
      .where('tries_left', '>', 0)
      .returning(['token_hash', 'code_hash', 'purpose'])
      .executeTakeFirst();
  },

  /** They count all the same for how many were issued: otherwise using one would lift the limit. */
  async expireOfUser(
    queries: Queries,
    { userId, purposes, now }: { userId: string; purposes: readonly Purpose[]; now: number },
  ): Promise<void> {
    await queries
      .updateTable('latchkey_account_tokens')
      .set({ expires_at: now })
      .where('user_id', '=', userId)
      .where('purpose', 'in', purposes)
      .where('expires_at', '>', now)
      .execute();
  },

  /** An hour late: until then they count for how many were issued. @returns how many rows were deleted. */
  deleteExpired(queries: Queries, now: number, limit: number): Promise<number> {
    return deleteExpiredRows(queries, 'latchkey_account_tokens', ['token_hash'], now - hour, limit);
  },
};

function createConsumeQuery(queries: Queries, { purpose, hash, now }: LiveToken) {
  return queries
    .deleteFrom('latchkey_account_tokens')
    .where('token_hash', '=', hash)
    .where('purpose', '=', purpose)
    .where('expires_at', '>', now)
    .where(
      sql<boolean>`exists (select 1 from users where users.id = latchkey_account_tokens.user_id
        and users.version = latchkey_account_tokens.user_version
        and coalesce(users.email_key, '') = latchkey_account_tokens.email_key
        and users.disabled_at is null and users.deleted_at is null)`,
    )
    .returning(['user_id', 'new_email']);
}
