import { sql } from 'kysely';
import type { Queries } from '../database/database.js';
import { prepareOnce } from '../database/compiled-statement.js';
import type { Schema } from '../database/schema.js';
import { rightsOfSession, type AccountRights } from '../roles/rights.js';
import {
  minOf,
  maxExpiryOf,
  hasCurrentEpoch,
  hasKey,
  rotatedColumns,
  rotateSession,
  type RotatedSession,
  type Rotation,
} from './session-rotation.store.js';

export type StoredSession = Schema['sessions'];
export type NewSession = Omit<StoredSession, 'epoch'>;

/** As in a rotation. */
type Reauthentication = Pick<
  Rotation,
  'id' | 'newKeyId' | 'refreshLifetime' | 'accessExpiresAt' | 'lifetime'
> & { readonly now: number };

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

interface EvictionQuery extends Live {
  readonly keep: number;
  readonly exceptId: string;
  /** How many are ended at most. */
  readonly limit: number;
}

export type EndedSession = Pick<StoredSession, 'id' | 'user_id' | 'access_expires_at'>;

export type InspectedSession = Pick<StoredSession, 'id' | 'user_id' | 'expires_at' | 'rotated_at'> &
  AccountRights & { readonly username: string };

export const sessionsStore = {
  async insert(queries: Queries, session: StoredSession): Promise<void> {
    await queries.insertInto('sessions').values(session).execute();
  },

  /** For a batch that has locked the user's row: a session of the user's epoch as it is then. */
  prepareInsert(queries: Queries, session: NewSession) {
    return prepareOnce(queries, 'begin a session', { ...session }, (slots) =>
      queries.insertInto('sessions').values({
        ...slots,
        epoch: (eb) => eb.selectFrom('users').select('session_epoch').where('users.id', '=', slots.user_id),
      }),
    );
  },

  find(queries: Queries, id: string): Promise<StoredSession | undefined> {
    return queries.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst();
  },

  rotate: rotateSession,

  /**
   * The session goes on after its user has just proved the password, with a refresh token of the next generation.
   * Whoever has one from before, a thief perhaps, has not proved it: none of those has a grace.
   * @returns nothing where the session is not live.
   */
  reauthenticate(
    queries: Queries,
    { id, now, newKeyId, refreshLifetime, accessExpiresAt, lifetime }: Reauthentication,
  ): Promise<RotatedSession | undefined> {
    return queries
      .updateTable('sessions')
      .set((eb) => ({
        generation: eb('generation', '+', 1),
        proved_generation: eb('generation', '+', 1),
        refresh_key_id: newKeyId,
        rotated_at: now,
        authenticated_at: now,
        last_used_at: now,
        access_expires_at: accessExpiresAt,
        expires_at: minOf(eb.val(now + refreshLifetime), maxExpiryOf(lifetime)),
      }))
      .where('sessions.id', '=', id)
      .where('sessions.revoked_at', 'is', null)
      .where('sessions.expires_at', '>', now)
      .where('sessions.created_at', '>', now - lifetime)
      .where(hasNotEnded)
      .returning(rotatedColumns)
      .executeTakeFirst();
  },

  /** @returns nothing where the session is not there or was revoked before: of many callers one wins. */
  revoke(queries: Queries, id: string, now: number): Promise<EndedSession | undefined> {
    return createRevokeQuery(queries, now).where('id', '=', id).where(hasNotEnded).executeTakeFirst();
  },

  /** Marks a session that has ended together with others: its access tokens may live on, and are for the caller to void. */
  revokeEnded(queries: Queries, id: string, now: number): Promise<EndedSession | undefined> {
    return createRevokeQuery(queries, now).where('id', '=', id).executeTakeFirst();
  },

  /** As `revoke`, for a session of this user alone. */
  revokeOneOf(queries: Queries, userId: string, id: string, now: number): Promise<EndedSession | undefined> {
    return createRevokeQuery(queries, now)
      .where('id', '=', id)
      .where('user_id', '=', userId)
      .where(hasNotEnded)
      .executeTakeFirst();
  },

  /** As `revokeEnded`, for a session of this user alone, and where an access token of it may live on. */
  revokeEndedOneOf(
    queries: Queries,
    userId: string,
    id: string,
    now: number,
  ): Promise<EndedSession | undefined> {
    return createRevokeQuery(queries, now)
      .where('id', '=', id)
      .where('user_id', '=', userId)
      .where('access_expires_at', '>', now)
      .executeTakeFirst();
  },

  /** For a session that no token was given of. */
  async delete(queries: Queries, id: string): Promise<void> {
    await queries.deleteFrom('sessions').where('id', '=', id).execute();
  },

  /** Lets one of a user's live sessions go on into the epoch that has just begun, and ended the others. */
  async moveToEpoch(
    queries: Queries,
    { id, userId, epoch }: { readonly id: string; readonly userId: string; readonly epoch: number },
  ): Promise<void> {
    await queries
      .updateTable('sessions')
      .set({ epoch })
      .where('id', '=', id)
      .where('user_id', '=', userId)
      .where('epoch', '=', epoch - 1)
      .where('revoked_at', 'is', null)
      .execute();
  },

  /**
   * Marks so many at most of the sessions that a user's epoch has ended; those, too, that could no longer be refreshed:
   * their access tokens may live on, and are for the caller to void.
   */
  revokeBefore(
    queries: Queries,
    {
      userId,
      epoch,
      now,
      limit,
    }: { readonly userId: string; readonly epoch: number; readonly now: number; readonly limit: number },
  ): Promise<EndedSession[]> {
    return createRevokeQuery(queries, now)
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('sessions')
          .select('id')
          .where('user_id', '=', userId)
          .where('revoked_at', 'is', null)
          .where('epoch', '<', epoch)
          .orderBy('epoch')
          .orderBy('id')
          .limit(limit),
      )
      .execute();
  },

  /** Whether a session of a user of this epoch had not ended by itself. */
  async hasOfEpoch(queries: Queries, userId: string, epoch: number): Promise<boolean> {
    const session = await queries
      .selectFrom('sessions')
      .select('id')
      .where('user_id', '=', userId)
      .where('epoch', '=', epoch)
      .where('revoked_at', 'is', null)
      .limit(1)
      .executeTakeFirst();
    return session !== undefined;
  },

  /**
   * Ends the oldest of a user's live sessions, and leaves `keep` beside one that stays in any case. The user's row must
   * be locked: a login at the same time would not be counted.
   */
  revokeOldest(
    queries: Queries,
    { keep, exceptId, limit, ...whose }: EvictionQuery,
  ): Promise<EndedSession[]> {
    // Ids are in the order of their making.
    const tooMany = selectLive(queries, whose)
      .where('id', '!=', exceptId)
      .orderBy('id', 'desc')
      .offset(keep)
      .limit(limit);
    return createRevokeQuery(queries, whose.now).where('id', 'in', tooMany.select('id')).execute();
  },

  /** A user's live sessions, newest first. */
  listLive(queries: Queries, { limit, after, ...whose }: SessionPageQuery): Promise<StoredSession[]> {
    let query = selectLive(queries, whose).selectAll().orderBy('id', 'desc').limit(limit);
    if (after !== undefined) query = query.where('id', '<', after);
    return query.execute();
  },

  /** Notes when sessions were last used; a later use that is noted already stays. */
  async recordUses(
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
      .where(hasNotEnded)
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

  /** The last id of those that come next; undefined: there are none. */
  async endOfPage(queries: Queries, after: string, limit: number): Promise<string | undefined> {
    const page = queries
      .selectFrom('sessions')
      .select('id')
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit)
      .as('page');
    const { last } = await queries
      .selectFrom(page)
      .select((eb) => eb.fn.max<string | null>('page.id').as('last'))
      .executeTakeFirstOrThrow();
    return last ?? undefined;
  },

  /**
   * Ends the sessions of a page of ids, but those whose refresh token is of one of the keys.
   * @returns how many.
   */
  async endPage(
    queries: Queries,
    {
      after,
      last,
      keptKeys,
      now,
    }: {
      readonly after: string;
      readonly last: string;
      readonly keptKeys: readonly string[];
      readonly now: number;
    },
  ): Promise<number> {
    const ended = await queries
      .updateTable('sessions')
      .set({ revoked_at: now })
      .where('id', '>', after)
      .where('id', '<=', last)
      .where('revoked_at', 'is', null)
      .where('refresh_key_id', 'not in', keptKeys)
      .executeTakeFirst();
    return Number(ended.numUpdatedRows);
  },
  /**
   * When the last token that there is of any session expires, in milliseconds; 0 where there is none.
   */
  async lastExpiry(queries: Queries): Promise<number> {
    const session = await queries
      .selectFrom('sessions')
      .select(allTokensExpiredAt.as('last'))
      .orderBy(allTokensExpiredAt, 'desc')
      .limit(1)
      .executeTakeFirst();
    return session?.last ?? 0;
  },

  /**
   * Deletes so many at most of the sessions whose refresh and access tokens have all expired.
   * @returns how many there were.
   */
  async deleteExpired(queries: Queries, now: number, limit: number): Promise<number> {
    const { numDeletedRows } = await queries
      .deleteFrom('sessions')
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('sessions')
          .select('id')
          .where(allTokensExpiredAt, '<=', now)
          .orderBy(allTokensExpiredAt)
          .limit(limit),
      )
      .where(allTokensExpiredAt, '<=', now)
      .executeTakeFirst();
    return Number(numDeletedRows);
  },

  /** The same with a user's sessions, whatever their state. */
  async deleteSomeOf(queries: Queries, userId: string, limit: number): Promise<number> {
    const { numDeletedRows } = await queries
      .deleteFrom('sessions')
      .where('id', 'in', (eb) =>
        eb.selectFrom('sessions').select('id').where('user_id', '=', userId).limit(limit),
      )
      .executeTakeFirst();
    return Number(numDeletedRows);
  },
};

/** When all tokens of a session have expired: as the index has it. */
const allTokensExpiredAt = sql<number>`case when expires_at > access_expires_at then expires_at else access_expires_at end`;

/** Its user has not ended the session together with others, nor has the key been revoked that its refresh token is made with. */
const hasNotEnded = sql<boolean>`(${hasCurrentEpoch} and ${hasKey})`;

function selectLive(queries: Queries, { userId, now, lifetime }: Live) {
  return queries
    .selectFrom('sessions')
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .where('epoch', '=', (eb) => eb.selectFrom('users').select('session_epoch').where('id', '=', userId))
    .where('expires_at', '>', now)
    .where('created_at', '>', now - lifetime)
    .where(hasKey);
}

function createRevokeQuery(queries: Queries, now: number) {
  return queries
    .updateTable('sessions')
    .set({ revoked_at: now })
    .where('revoked_at', 'is', null)
    .returning(['id', 'user_id', 'access_expires_at']);
}
