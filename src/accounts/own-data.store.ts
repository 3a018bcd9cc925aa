import { sql } from 'kysely';
import type { Queries } from '../database/database.js';
import type { AuditRow, ForeignIdRow, OutboxRow, Schema } from '../database/schema.js';

type StoredSession = Pick<
  Schema['sessions'],
  | 'id'
  | 'created_at'
  | 'authenticated_at'
  | 'last_used_at'
  | 'expires_at'
  | 'revoked_at'
  | 'amr'
  | 'second_factor_at'
  | 'device_id'
  | 'network'
  | 'address'
  | 'user_agent'
>;

type SessionPlace = Pick<StoredSession, 'network' | 'id'>;

/** A page of rows in the order of their ids. */
interface PageOf {
  readonly userId: string;
  readonly after: string | undefined;
  readonly limit: number;
}

/** Reads what is stored about a user, each list from an index. */
export const ownDataStore = {
  /** In the order of networks. */
  listSessions(
    queries: Queries,
    { userId, after, limit }: Omit<PageOf, 'after'> & { readonly after: SessionPlace | undefined },
  ): Promise<StoredSession[]> {
    let query = queries
      .selectFrom('sessions')
      .select(['id', 'created_at', 'authenticated_at', 'last_used_at', 'expires_at', 'revoked_at'])
      .select(['amr', 'second_factor_at', 'device_id', 'network', 'address', 'user_agent'])
      .where('user_id', '=', userId)
      .orderBy('network')
      .orderBy('id')
      .limit(limit);
    if (after) query = query.where(sql<boolean>`(network, id) > (${after.network}, ${after.id})`);
    return query.execute();
  },

  /** Without what they say, which is encrypted. */
  listMessages(
    queries: Queries,
    { userId, after = '', limit }: PageOf,
  ): Promise<Omit<OutboxRow, 'sealed_variables' | 'key'>[]> {
    return queries
      .selectFrom('latchkey_outbox')
      .select(['id', 'template', 'language', 'address', 'user_id', 'state', 'attempts', 'last_error'])
      .select(['created_at', 'due_at', 'expires_at', 'done_at'])
      .where('user_id', '=', userId)
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit)
      .execute();
  },

  /** At most one today: an index is unique. */
  listForeignIds(queries: Queries, userId: string): Promise<ForeignIdRow[]> {
    return queries
      .selectFrom('latchkey_foreign_ids')
      .selectAll()
      .where('user_id', '=', userId)
      .orderBy('source')
      .execute();
  },

  /** What happened to the user, or what the user did. */
  listAudit(
    queries: Queries,
    column: 'target' | 'actor_id',
    { userId, after = '', limit }: PageOf,
  ): Promise<AuditRow[]> {
    return queries
      .selectFrom('audit')
      .selectAll()
      .where(column, '=', userId)
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit)
      .execute();
  },
};
