import { sql } from 'kysely';
import type { Statement } from '../database/batch.js';
import type { Queries } from '../database/database.js';
import { deleteExpiredRows } from '../database/expired-rows.js';
import type { LoginPlaceRow } from '../database/schema.js';

export type LoginPlace = Pick<LoginPlaceRow, 'network' | 'agent'>;

interface PlaceQuery extends LoginPlace {
  readonly userId: string;
  readonly now: number;
  /** Places from then on are counted as new. */
  readonly newSince: number;
}

/** What is known of a user's logins. */
export interface LoginHistory {
  readonly places: number;
  /** Of them in this network. */
  readonly inNetwork: number;
  /** Of them with this program. */
  readonly withAgent: number;
  readonly recent: number;
  readonly lastLoginAt: number | null;
}

/** Where users have logged in from, and with what. */
export const loginPlacesStore = {
  /** When the user last logged in there; null: never. */
  async findLastUse(queries: Queries, userId: string, place: LoginPlace): Promise<number | null> {
    const found = await queries
      .selectFrom('latchkey_login_places')
      .select('last_used_at')
      .where('user_id', '=', userId)
      .where('network', '=', place.network)
      .where('agent', '=', place.agent)
      .executeTakeFirst();
    return found?.last_used_at ?? null;
  },

  async readHistory(
    queries: Queries,
    { userId, network, agent, now, newSince }: PlaceQuery,
  ): Promise<LoginHistory> {
    return queries
      .selectFrom('latchkey_login_places')
      .select((eb) => [
        eb.fn.countAll<number>().as('places'),
        eb.fn.countAll<number>().filterWhere('network', '=', network).as('inNetwork'),
        eb.fn.countAll<number>().filterWhere('agent', '=', agent).as('withAgent'),
        eb.fn.countAll<number>().filterWhere('created_at', '>', newSince).as('recent'),
        eb.selectFrom('users').select('last_login_at').where('users.id', '=', userId).as('lastLoginAt'),
      ])
      .where('user_id', '=', userId)
      .where('expires_at', '>', now)
      .executeTakeFirstOrThrow();
  },

  prepareRemember(queries: Queries, row: LoginPlaceRow): Statement {
    const { last_used_at, expires_at } = row;
    return queries
      .insertInto('latchkey_login_places')
      .values(row)
      .onConflict((conflict) =>
        conflict.columns(['user_id', 'network', 'agent']).doUpdateSet({ last_used_at, expires_at }),
      );
  },

  /** Forgets those of a user beyond the `keep` that were used last. */
  prepareDeleteOldest(queries: Queries, userId: string, keep: number): Statement {
    return queries
      .deleteFrom('latchkey_login_places')
      .where('user_id', '=', userId)
      .where(
        sql<boolean>`(network, agent) not in (select kept.network, kept.agent from latchkey_login_places kept
          where kept.user_id = ${userId} order by kept.last_used_at desc, kept.created_at desc limit ${keep})`,
      );
  },

  /** Those that came from a time on are somebody else's. */
  async deleteSince(queries: Queries, userId: string, since: number): Promise<void> {
    await queries
      .deleteFrom('latchkey_login_places')
      .where('user_id', '=', userId)
      .where('created_at', '>=', since)
      .execute();
  },

  list(queries: Queries, userId: string): Promise<LoginPlaceRow[]> {
    return queries
      .selectFrom('latchkey_login_places')
      .selectAll()
      .where('user_id', '=', userId)
      .orderBy('network')
      .orderBy('agent')
      .execute();
  },

  /** @returns how many rows were deleted. */
  deleteExpired(queries: Queries, now: number, limit: number): Promise<number> {
    return deleteExpiredRows(queries, 'latchkey_login_places', ['user_id', 'network', 'agent'], now, limit);
  },
};
