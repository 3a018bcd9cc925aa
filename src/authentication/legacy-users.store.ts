import { sql } from 'kysely';
import type { Queries } from '../database/database.js';
import { deleteExpiredRows } from '../database/expired-rows.js';
import { selectHeldRights } from '../roles/held-rights.store.js';
import { administratorRole } from '../roles/administrator-role.js';

/** Users who came from another application, by their ids there. */
export const legacyUsersStore = {
  find(queries: Queries, source: string, foreignId: string) {
    return queries
      .selectFrom('latchkey_foreign_ids')
      .innerJoin('users', 'users.id', 'latchkey_foreign_ids.user_id')
      .where('source', '=', source)
      .where('foreign_id', '=', foreignId)
      .where('users.deleted_at', 'is', null)
      .select([
        'users.id',
        'users.username',
        'users.password_hash',
        'users.password_one_time',
        'users.version',
        'users.session_epoch',
        'users.disabled_at',
        'latchkey_foreign_ids.imported_at',
        sql<number>`coalesce((select value from counters where counters.name = 'ended_at'), 0)`.as(
          'ended_at',
        ),
        'users.second_factors',
        ...selectHeldRights('users.id'),
      ])
      .executeTakeFirst();
  },

  /** Whether the user administers this service, which no token of another application may do. */
  async isAdministrator(queries: Queries, id: string): Promise<boolean> {
    const held = await queries
      .selectFrom('user_roles')
      .select('role_name')
      .where('user_id', '=', id)
      .where('role_name', '=', administratorRole)
      .executeTakeFirst();
    return held !== undefined;
  },

  /** Fails where the token was exchanged or revoked before: one of many concurrent callers wins. */
  prepareExchange(
    queries: Queries,
    exchange: {
      readonly jti: string;
      readonly sessionId: string | null;
      readonly now: number;
      readonly expiresAt: number;
    },
  ) {
    return queries.insertInto('latchkey_exchanged_tokens').values({
      jti: exchange.jti,
      session_id: exchange.sessionId,
      exchanged_at: exchange.now,
      expires_at: exchange.expiresAt,
    });
  },

  findExchange(queries: Queries, jti: string) {
    return queries
      .selectFrom('latchkey_exchanged_tokens')
      .select(['session_id', 'exchanged_at'])
      .where('jti', '=', jti)
      .executeTakeFirst();
  },

  /** Deletes up to `limit` expired rows. @returns the number of rows deleted. */
  deleteExpired(queries: Queries, now: number, limit: number): Promise<number> {
    return deleteExpiredRows(queries, 'latchkey_exchanged_tokens', ['jti'], now, limit);
  },
};
