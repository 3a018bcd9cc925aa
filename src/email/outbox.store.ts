import { sql } from 'kysely';
import type { Queries } from '../database/database.js';
import { deleteExpiredRows } from '../database/expired-rows.js';
import type { Moment } from '../database/moment.js';
import type { OutboxRow } from '../database/schema.js';

/** Who sends: only what is held is marked. */
export interface LeaseHolder {
  readonly holder: string;
}

/** The messages that wait to be sent, and those of the last days. */
export const outboxStore = {
  /** @returns false if there is a message with its key. */
  prepareInsert(queries: Queries, row: OutboxRow) {
    return queries
      .insertInto('latchkey_outbox')
      .values(row)
      .onConflict((conflict) => conflict.column('key').doNothing())
      .returning('id');
  },

  find(queries: Queries, id: string): Promise<OutboxRow | undefined> {
    return queries.selectFrom('latchkey_outbox').selectAll().where('id', '=', id).executeTakeFirst();
  },

  /** To somebody, newest first. */
  list(
    queries: Queries,
    { limit, before }: { readonly limit: number; readonly before?: string | undefined },
  ): Promise<OutboxRow[]> {
    let query = queries.selectFrom('latchkey_outbox').selectAll().where('address', '!=', '');
    if (before !== undefined) query = query.where('id', '<', before);
    return query.orderBy('id', 'desc').limit(limit).execute();
  },

  listByKeys(queries: Queries, keys: readonly string[]): Promise<OutboxRow[]> {
    return queries.selectFrom('latchkey_outbox').selectAll().where('key', 'in', keys).execute();
  },

  /** Those that are to be sent now, the longest waiting first. */
  listDue(queries: Queries, now: Moment, limit: number): Promise<OutboxRow[]> {
    return queries
      .selectFrom('latchkey_outbox')
      .selectAll()
      .where('state', '=', 'waiting')
      .where('due_at', '<=', getTime(now))
      .orderBy('due_at')
      .limit(limit)
      .execute();
  },

  /** When the next message is, or was, to be sent. */
  async findNextDue(queries: Queries): Promise<number | undefined> {
    const next = await queries
      .selectFrom('latchkey_outbox')
      .select('due_at')
      .where('state', '=', 'waiting')
      .orderBy('due_at')
      .limit(1)
      .executeTakeFirst();
    return next?.due_at;
  },

  /** It was sent, or is not sent any more: what it says is forgotten. @returns whether this process held it. */
  async finish(
    queries: Queries,
    id: string,
    { holder }: LeaseHolder,
    result: Pick<OutboxRow, 'state' | 'attempts' | 'done_at' | 'last_error'>,
  ): Promise<boolean> {
    const { numUpdatedRows } = await queries
      .updateTable('latchkey_outbox')
      .set({ ...result, sealed_variables: null })
      .where('id', '=', id)
      .where('state', '=', 'waiting')
      .where(isHeldBy(holder))
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  },

  /** It is tried again later. */
  async postpone(
    queries: Queries,
    id: string,
    { holder }: LeaseHolder,
    changes: Pick<OutboxRow, 'attempts' | 'due_at' | 'last_error'>,
  ): Promise<void> {
    await queries
      .updateTable('latchkey_outbox')
      .set(changes)
      .where('id', '=', id)
      .where('state', '=', 'waiting')
      .where(isHeldBy(holder))
      .execute();
  },

  /** The server takes none of those that are to be sent now. @param limit how many say so, the newest first. */
  async noteServerFailure(
    queries: Queries,
    { holder }: LeaseHolder,
    { now, reason, limit }: { readonly now: Moment; readonly reason: string; readonly limit: number },
  ): Promise<void> {
    const waiting = queries
      .selectFrom('latchkey_outbox')
      .select('id')
      .where('state', '=', 'waiting')
      .where('due_at', '<=', getTime(now))
      .where((eb) => eb.or([eb('last_error', 'is', null), eb('last_error', '!=', reason)]))
      .orderBy('id', 'desc')
      .limit(limit);
    await queries
      .updateTable('latchkey_outbox')
      .set({ last_error: reason })
      .where('id', 'in', waiting)
      .where(isHeldBy(holder))
      .execute();
  },

  async delete(queries: Queries, id: string): Promise<void> {
    await queries.deleteFrom('latchkey_outbox').where('id', '=', id).execute();
  },

  /** @returns how many rows were deleted. */
  deleteExpired(queries: Queries, before: number, limit: number): Promise<number> {
    return deleteExpiredRows(queries, 'latchkey_outbox', ['id'], before, limit);
  },

  /** A verified address of a user who is not deleted, with the language that was chosen. */
  findRecipient(
    queries: Queries,
    userId: string,
  ): Promise<{ readonly address: string | null; readonly language: string | null } | undefined> {
    return queries
      .selectFrom('users')
      .select([
        sql<string | null>`case when email_verified_at is not null then email end`.as('address'),
        'language',
      ])
      .where('id', '=', userId)
      .where('deleted_at', 'is', null)
      .executeTakeFirst();
  },
};

function isHeldBy(holder: string) {
  return sql<boolean>`exists (select 1 from latchkey_leases where name = 'mail' and latchkey_leases.holder = ${holder})`;
}

function getTime({ value, from }: Moment) {
  return sql<number>`cast(${from(sql.val(value))} as bigint)`;
}
