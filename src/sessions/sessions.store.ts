import { sql, type Expression, type RawBuilder } from 'kysely';
import type { Queries } from '../database/open-database.js';
import type { Schema } from '../database/schema.js';
import { rightsOfSession, type AccountRights } from '../users/accounts.js';

export type StoredSession = Schema['sessions'];

/** A time in milliseconds, or what is that time when the statement is executed. */
type Moment = number | Expression<number>;

interface Rotation {
  readonly id: string;
  /** The generation of the refresh token that was shown. */
  readonly generation: number;
  readonly now: Moment;
  /** For how long a token that was just replaced gives its successor once more, in milliseconds. */
  readonly grace: number;
  readonly newKeyId: string;
  /** How long a refresh token lives that is given now, unless the session's lifetime ends before, in milliseconds. */
  readonly refreshLifetime: number;
  readonly accessExpiresAt: number;
  /** How long the session lives at most, from its creation on, in milliseconds. */
  readonly lifetime: number;
}

interface Reauthentication {
  readonly id: string;
  readonly now: number;
  readonly accessExpiresAt: number;
  /** As in a rotation. */
  readonly lifetime: number;
}

/** Whose sessions are live: they can be refreshed. */
interface Live {
  readonly userId: string;
  readonly now: number;
  /** As in a rotation. */
  readonly lifetime: number;
}

interface SessionPageQuery extends Live {
  readonly limit: number;
  /** The id that the page comes after. */
  readonly after: string | undefined;
}

interface Oldest extends Live {
  readonly keep: number;
  readonly exceptId: string;
}

export type EndedSession = Pick<StoredSession, 'id' | 'user_id' | 'access_expires_at'>;

export type RotatedSession = Pick<
  StoredSession,
  'id' | 'user_id' | 'created_at' | 'generation' | 'refresh_key_id' | 'expires_at' | 'authenticated_at'
> &
  AccountRights;

const rotatedColumns = [
  'sessions.id',
  'sessions.user_id',
  'sessions.created_at',
  'sessions.generation',
  'sessions.refresh_key_id',
  'sessions.expires_at',
  'sessions.authenticated_at',
  ...rightsOfSession,
] as const;
const rotated = sql.join(
  rotatedColumns.map((column) => (typeof column === 'string' ? sql.ref(column) : column)),
);
export type InspectedSession = Pick<StoredSession, 'id' | 'user_id' | 'expires_at' | 'rotated_at'> &
  AccountRights & { readonly username: string };

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
  async rotate(
    queries: Queries,
    { id, generation, now, grace, newKeyId, refreshLifetime, accessExpiresAt, lifetime }: Rotation,
  ): Promise<RotatedSession | undefined> {
    // Written out: it is what most of a fleet's work on the database is, and a builder takes a third of its time.
    const moment = sql<number>`cast(${now} as bigint)`;
    const isCurrent = sql<boolean>`generation = ${generation}`;
    const expiry = sql<number>`case when ${isCurrent} then ${moment} + ${refreshLifetime} else expires_at end`;
    const { rows } = await sql<RotatedSession>`
      update sessions set
        generation = ${generation + 1},
        refresh_key_id = case when ${isCurrent} then ${newKeyId} else refresh_key_id end,
        rotated_at = case when ${isCurrent} then ${moment} else rotated_at end,
        expires_at = ${earlier(expiry, endOf(lifetime))},
        last_used_at = ${moment},
        access_expires_at = case
          when access_expires_at > ${accessExpiresAt} then access_expires_at else ${accessExpiresAt} end
      where id = ${id}
        and revoked_at is null
        and expires_at > ${moment}
        and created_at > ${moment} - ${lifetime}
        and (${isCurrent} or (generation = ${generation + 1} and rotated_at > ${moment} - ${grace}))
        and exists (select 1 from users where users.id = sessions.user_id and users.disabled_at is null)
      returning ${rotated}`.execute(queries);
    return rows[0];
  },

  /**
   * The session goes on after its user has just proved the password; the refresh token stays the same.
   * @returns nothing where the session is not live.
   */
  reauthenticate(
    queries: Queries,
    { id, now, accessExpiresAt, lifetime }: Reauthentication,
  ): Promise<RotatedSession | undefined> {
    return queries
      .updateTable('sessions')
      .set((eb) => ({
        authenticated_at: now,
        last_used_at: now,
        access_expires_at: accessExpiresAt,
        expires_at: earlier(eb.ref('sessions.expires_at'), endOf(lifetime)),
      }))
      .where('sessions.id', '=', id)
      .where('sessions.revoked_at', 'is', null)
      .where('sessions.expires_at', '>', now)
      .where('sessions.created_at', '>', now - lifetime)
      .returning(rotatedColumns)
      .executeTakeFirst();
  },

  /** @returns nothing where the session is not there or was revoked before: of many callers one wins. */
  revoke(queries: Queries, id: string, now: number): Promise<EndedSession | undefined> {
    return revoking(queries, now).where('id', '=', id).executeTakeFirst();
  },

  /** The same for a session of this user alone. */
  revokeOneOf(queries: Queries, userId: string, id: string, now: number): Promise<EndedSession | undefined> {
    return revoking(queries, now).where('id', '=', id).where('user_id', '=', userId).executeTakeFirst();
  },

  /**
   * Ends a user's sessions, all of them or all but one; those, too, that can no longer be refreshed: their access
   * tokens may live on. Their access tokens are for the caller to void.
   */
  revokeAllOf(queries: Queries, userId: string, now: number, exceptId?: string): Promise<EndedSession[]> {
    const ofUser = revoking(queries, now).where('user_id', '=', userId);
    return (exceptId === undefined ? ofUser : ofUser.where('id', '!=', exceptId)).execute();
  },

  /**
   * Ends the oldest of a user's live sessions, and leaves `keep` beside one that stays in any case. The user's row must be locked: a login at the same time would not be counted.
   */
  revokeOldest(queries: Queries, { keep, exceptId, ...whose }: Oldest): Promise<EndedSession[]> {
    const kept = selectLive(queries, whose)
      .where('id', '!=', exceptId)
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(keep);
    return revoking(queries, whose.now)
      .where('id', 'in', selectLive(queries, whose).select('id'))
      .where('id', '!=', exceptId)
      .where('id', 'not in', kept.select('id'))
      .execute();
  },

  /** A user's live sessions, newest first. */
  listLive(queries: Queries, { limit, after, ...whose }: SessionPageQuery): Promise<StoredSession[]> {
    let query = selectLive(queries, whose).selectAll().orderBy('id', 'desc').limit(limit);
    if (after !== undefined) query = query.where('id', '<', after);
    return query.execute();
  },

  /** Notes when sessions were last used; a later use that is noted already stays. */
  async noteUses(
    queries: Queries,
    uses: readonly { readonly id: string; readonly at: number }[],
  ): Promise<void> {
    const rows = uses.map(({ id, at }) => sql`(${id}, cast(${at} as bigint))`);
    await sql`update sessions set last_used_at = used.column2
      from (values ${sql.join(rows)}) as used
      where sessions.id = used.column1 and sessions.last_used_at < used.column2`.execute(queries);
  },

  /**
   * A session that has this generation for its current one.
   * @returns nothing where it has not, or where the session or its user is not live.
   */
  inspect(
    queries: Queries,
    {
      id,
      generation,
      now,
      lifetime,
    }: {
      readonly id: string;
      readonly generation: number;
      readonly now: number;
      /** How long a session lives at most, in milliseconds. */
      readonly lifetime: number;
    },
  ): Promise<InspectedSession | undefined> {
    return queries
      .selectFrom('sessions')
      .innerJoin('users', 'users.id', 'sessions.user_id')
      .where('sessions.id', '=', id)
      .where('sessions.generation', '=', generation)
      .where('sessions.revoked_at', 'is', null)
      .where('sessions.expires_at', '>', now)
      .where('sessions.created_at', '>', now - lifetime)
      .where('users.disabled_at', 'is', null)
      .select([
        'sessions.id',
        'sessions.user_id',
        'sessions.expires_at',
        'sessions.rotated_at',
        'users.username',
        ...rightsOfSession,
      ])
      .executeTakeFirst();
  },

  /** Ends every session there is. Their access tokens are for the caller to void. */
  revokeEvery(queries: Queries, now: number): Promise<EndedSession[]> {
    return revoking(queries, now).execute();
  },

  /** Whether the user has logged in from this network lately. */
  async hasLoggedInFrom(queries: Queries, userId: string, network: string): Promise<boolean> {
    const session = await queries
      .selectFrom('sessions')
      .select('id')
      .where('user_id', '=', userId)
      .where('network', '=', network)
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

function selectLive(queries: Queries, { userId, now, lifetime }: Live) {
  return queries
    .selectFrom('sessions')
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .where('created_at', '>', now - lifetime);
}

function revoking(queries: Queries, now: number) {
  return queries
    .updateTable('sessions')
    .set({ revoked_at: now })
    .where('revoked_at', 'is', null)
    .returning(['id', 'user_id', 'access_expires_at']);
}

/** When a session has lived for as long as it may. */
function endOf(lifetime: number): RawBuilder<number> {
  return sql<number>`(sessions.created_at + ${lifetime})`;
}

function earlier(one: Expression<number>, other: Expression<number>): RawBuilder<number> {
  return sql<number>`case when ${one} < ${other} then ${one} else ${other} end`;
}
