import { sql } from 'kysely';
import type { Queries } from '../database/database.js';
import { prepareOnce } from '../database/compiled-statement.js';
import type { Schema } from '../database/schema.js';
import { rightsOfSession } from '../roles/held-rights.store.js';
import type { AccountRights } from '../roles/rights.js';
import {
  buildMin,
  buildMaxExpiry,
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
> & { readonly now: number; readonly proof: Proof };

/** What a user has proved in a session: the password, or a second factor. */
export type Proof = Pick<StoredSession, 'authenticated_at'> | Pick<StoredSession, 'amr' | 'second_factor_at'>;

/** Selects a user's live sessions: those that can be refreshed. */
interface Live {
  readonly userId: string;
  readonly now: number;
  /** As in a rotation. */
  readonly lifetime: number;
}

interface SessionPageQuery extends Live {
  readonly limit: number;
  /** The id before the page. */
  readonly after: string | undefined;
}

interface EvictionQuery extends Live {
  readonly keep: number;
  readonly exceptId: string;
  /** The maximum number of sessions to end. */
  readonly limit: number;
}

export type EndedSession = Pick<StoredSession, 'id' | 'user_id' | 'access_expires_at'>;

export type InspectedSession = Pick<StoredSession, 'id' | 'user_id' | 'expires_at' | 'rotated_at'> &
  AccountRights;

export const sessionsStore = {
  async insert(queries: Queries, session: StoredSession): Promise<void> {
    await queries.insertInto('sessions').values(session).execute();
  },

  /** Whether the user has a session that began in the network. */
  async hasOneFrom(queries: Queries, userId: string, network: string): Promise<boolean> {
    const found = await queries
      .selectFrom('sessions')
      .select('id')
      .where('user_id', '=', userId)
      .where('network', '=', network)
      .limit(1)
      .executeTakeFirst();
    return found !== undefined;
  },

  /** For a batch that has locked the user's row: the session gets the user's current epoch. */
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
   * Moves a session to its next generation after its user has proved the password again, or a second factor. Earlier
   * refresh tokens, which a thief may have, get no grace period.
   * @returns undefined where the session is not live.
   */
  reauthenticate(
    queries: Queries,
    { id, now, newKeyId, refreshLifetime, accessExpiresAt, lifetime, proof }: Reauthentication,
  ): Promise<RotatedSession | undefined> {
    return queries
      .updateTable('sessions')
      .set((eb) => ({
        generation: eb('generation', '+', 1),
        proved_generation: eb('generation', '+', 1),
        refresh_key_id: newKeyId,
        rotated_at: now,
        ...proof,
        last_used_at: now,
        access_expires_at: accessExpiresAt,
        expires_at: buildMin(eb.val(now + refreshLifetime), buildMaxExpiry(lifetime)),
      }))
      .where('sessions.id', '=', id)
      .where('sessions.revoked_at', 'is', null)
      .where('sessions.expires_at', '>', now)
      .where('sessions.created_at', '>', now - lifetime)
      .where(hasNotEnded)
      .returning(rotatedColumns)
      .executeTakeFirst();
  },

  /** @returns undefined where there is no such session, or it was revoked before: one of many concurrent callers wins. */
  revoke(queries: Queries, id: string, now: number): Promise<EndedSession | undefined> {
    return createRevokeQuery(queries, now).where('id', '=', id).where(hasNotEnded).executeTakeFirst();
  },

  /** Marks a session that ended with its epoch. The caller must revoke its access tokens. */
  revokeEnded(queries: Queries, id: string, now: number): Promise<EndedSession | undefined> {
    return createRevokeQuery(queries, now).where('id', '=', id).executeTakeFirst();
  },

  /** Like `revoke`, but only for a session of this user. */
  revokeOneOf(queries: Queries, userId: string, id: string, now: number): Promise<EndedSession | undefined> {
    return createRevokeQuery(queries, now)
      .where('id', '=', id)
      .where('user_id', '=', userId)
      .where(hasNotEnded)
      .executeTakeFirst();
  },

  /** Like `revokeEnded`, but only for a session of this user whose access tokens may not have expired. */
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

  /** Only for a session whose tokens were never sent. */
  async delete(queries: Queries, id: string): Promise<void> {
    await queries.deleteFrom('sessions').where('id', '=', id).execute();
  },

  /**
   * Ends the oldest of a user's live sessions, except `exceptId` and the `keep` newest others. The user's row must be
   * locked, or concurrent logins would not be counted.
   */
  revokeOldest(
    queries: Queries,
    { keep, exceptId, limit, ...whose }: EvictionQuery,
  ): Promise<EndedSession[]> {
    // Ids are in order of creation.
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

  /** Records when sessions were last used; never moves a time back. */
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
   * Finds a session by id and current generation; without a generation, by its id alone.
   * @returns undefined where the generation is another one, or the session or its user is not live.
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
      readonly generation?: number;
      readonly now: number;
      /** The maximum lifetime of a session in milliseconds. */
      readonly lifetime: number;
    },
  ): Promise<InspectedSession | undefined> {
    const ofGeneration = queries
      .selectFrom('sessions')
      .innerJoin('users', 'users.id', 'sessions.user_id')
      .where('sessions.id', '=', id)
      .$if(generation !== undefined, (query) => query.where('sessions.generation', '=', generation ?? 0));
    return ofGeneration
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
        ...rightsOfSession,
      ])
      .executeTakeFirst();
  },

  /** When the last token of all sessions expires, in milliseconds since the Unix epoch; 0 without sessions. */
  async findLastExpiry(queries: Queries): Promise<number> {
    const session = await queries
      .selectFrom('sessions')
      .select(allTokensExpiredAt.as('last'))
      .orderBy(allTokensExpiredAt, 'desc')
      .limit(1)
      .executeTakeFirst();
    return session?.last ?? 0;
  },
};

/** When all tokens of a session have expired. The expression of an index. */
export const allTokensExpiredAt = sql<number>`case when expires_at > access_expires_at then expires_at else access_expires_at end`;

/** The session's epoch is current, and the key of its refresh token is not revoked. */
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

export function createRevokeQuery(queries: Queries, now: number) {
  return queries
    .updateTable('sessions')
    .set({ revoked_at: now })
    .where('revoked_at', 'is', null)
    .returning(['id', 'user_id', 'access_expires_at']);
}
