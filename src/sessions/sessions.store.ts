import { sql } from 'kysely';
import type { Queries } from '../database/open-database.js';
import type { Schema } from '../database/schema.js';
import { accountRights, type AccountRights } from '../users/accounts.js';

export type StoredSession = Schema['sessions'];

interface Rotation {
  readonly id: string;
  /** The generation of the refresh token that was shown. */
  readonly generation: number;
  readonly now: number;
  /** A session that was rotated at or before this moment gives its successor no second time. */
  readonly graceStart: number;
  readonly newKeyId: string;
  readonly expiresAt: number;
  readonly accessExpiresAt: number;
}

export type RotatedSession = Pick<
  StoredSession,
  'id' | 'user_id' | 'generation' | 'refresh_key_id' | 'expires_at' | 'authenticated_at'
> &
  AccountRights;

export const sessionsStore = {
  async insert(queries: Queries, session: StoredSession): Promise<void> {
    await queries.insertInto('sessions').values(session).execute();
  },

  find(queries: Queries, id: string): Promise<StoredSession | undefined> {
    return queries.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst();
  },

  /**
   * The refresh, in one statement. A current token moves the session to the next generation; the token just
   * before it moves nothing while its grace lasts. Either way the row's generation is the one to answer with,
   * so all who show the same token get the same successor.
   * @returns nothing where the token is neither, or the session or its user is not live.
   */
  rotate(queries: Queries, rotation: Rotation): Promise<RotatedSession | undefined> {
    const isCurrent = sql<boolean>`sessions.generation = ${rotation.generation}`;
    const rights = accountRights('sessions.user_id');
    return queries
      .updateTable('sessions')
      .set((eb) => {
        const ifCurrent = <T>(value: T, column: keyof StoredSession) =>
          sql<T>`case when ${isCurrent} then ${value} else ${eb.ref(`sessions.${column}`)} end`;
        return {
          generation: rotation.generation + 1,
          refresh_key_id: ifCurrent(rotation.newKeyId, 'refresh_key_id'),
          rotated_at: ifCurrent(rotation.now, 'rotated_at'),
          expires_at: ifCurrent(rotation.expiresAt, 'expires_at'),
          last_used_at: rotation.now,
          access_expires_at: sql<number>`case when sessions.access_expires_at > ${rotation.accessExpiresAt}
            then sessions.access_expires_at else ${rotation.accessExpiresAt} end`,
        };
      })
      .where('sessions.id', '=', rotation.id)
      .where('sessions.revoked_at', 'is', null)
      .where('sessions.expires_at', '>', rotation.now)
      .where((eb) =>
        eb.or([
          isCurrent,
          eb.and([
            eb('sessions.generation', '=', rotation.generation + 1),
            eb('sessions.rotated_at', '>', rotation.graceStart),
          ]),
        ]),
      )
      .where((eb) =>
        eb.exists(
          eb
            .selectFrom('users')
            .select('users.id')
            .whereRef('users.id', '=', 'sessions.user_id')
            .where('users.disabled_at', 'is', null),
        ),
      )
      .returning([
        'sessions.id',
        'sessions.user_id',
        'sessions.generation',
        'sessions.refresh_key_id',
        'sessions.expires_at',
        'sessions.authenticated_at',
        rights.version.as('version'),
        rights.password_one_time.as('password_one_time'),
        rights.roles.as('roles'),
        rights.permissions.as('permissions'),
      ])
      .executeTakeFirst();
  },

  /**
   * The session goes on after its user has just proved the password; the refresh token stays the same.
   * @returns nothing where the session is not live.
   */
  reauthenticate(
    queries: Queries,
    {
      id,
      now,
      accessExpiresAt,
    }: { readonly id: string; readonly now: number; readonly accessExpiresAt: number },
  ): Promise<RotatedSession | undefined> {
    const rights = accountRights('sessions.user_id');
    return queries
      .updateTable('sessions')
      .set({ authenticated_at: now, last_used_at: now, access_expires_at: accessExpiresAt })
      .where('sessions.id', '=', id)
      .where('sessions.revoked_at', 'is', null)
      .where('sessions.expires_at', '>', now)
      .returning([
        'sessions.id',
        'sessions.user_id',
        'sessions.generation',
        'sessions.refresh_key_id',
        'sessions.expires_at',
        'sessions.authenticated_at',
        rights.version.as('version'),
        rights.password_one_time.as('password_one_time'),
        rights.roles.as('roles'),
        rights.permissions.as('permissions'),
      ])
      .executeTakeFirst();
  },

  /** @returns nothing where the session is not there or was revoked before: of many callers one wins. */
  revoke(
    queries: Queries,
    id: string,
    now: number,
  ): Promise<Pick<StoredSession, 'user_id' | 'access_expires_at'> | undefined> {
    return queries
      .updateTable('sessions')
      .set({ revoked_at: now })
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .returning(['user_id', 'access_expires_at'])
      .executeTakeFirst();
  },

  /** Ends a user's sessions, all of them or all but one. Their access tokens are for the caller to void. */
  async revokeAllOf(queries: Queries, userId: string, now: number, exceptId?: string): Promise<void> {
    let query = queries
      .updateTable('sessions')
      .set({ revoked_at: now })
      .where('user_id', '=', userId)
      .where('revoked_at', 'is', null);
    if (exceptId !== undefined) query = query.where('id', '!=', exceptId);
    await query.execute();
  },

  /** Ends the sessions whose refresh token a key made. Their access tokens are for the caller to void. */
  revokeAllOfKey(
    queries: Queries,
    refreshKeyId: string,
    now: number,
  ): Promise<Pick<StoredSession, 'id' | 'access_expires_at'>[]> {
    return queries
      .updateTable('sessions')
      .set({ revoked_at: now })
      .where('refresh_key_id', '=', refreshKeyId)
      .where('revoked_at', 'is', null)
      .returning(['id', 'access_expires_at'])
      .execute();
  },

  /** Whether the user has logged in from this address lately. */
  async hasLoggedInFrom(queries: Queries, userId: string, address: string): Promise<boolean> {
    const session = await queries
      .selectFrom('sessions')
      .select('id')
      .where('user_id', '=', userId)
      .where('address', '=', address)
      .limit(1)
      .executeTakeFirst();
    return session !== undefined;
  },

  /** When the last refresh token there is expires, in milliseconds; 0 where there is none. */
  async lastExpiry(queries: Queries): Promise<number> {
    const { last } = await queries
      .selectFrom('sessions')
      .select(({ fn }) => fn.coalesce(fn.max('expires_at'), sql<number>`0`).as('last'))
      .executeTakeFirstOrThrow();
    return last;
  },

  /** Sessions whose refresh and access tokens have all expired. */
  async deleteExpired(queries: Queries, now: number): Promise<void> {
    await queries
      .deleteFrom('sessions')
      .where('expires_at', '<=', now)
      .where('access_expires_at', '<=', now)
      .execute();
  },
};
