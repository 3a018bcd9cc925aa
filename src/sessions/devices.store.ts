import type { BatchStatement } from '../database/batch.js';
import type { Queries } from '../database/database.js';
import { deleteExpiredRows } from '../database/expired-rows.js';
import type { DeviceRow } from '../database/schema.js';

/** Browsers that are not asked for a second factor, until they expire or all sessions of their user end. */
export const devicesStore = {
  prepareAdd(queries: Queries, device: DeviceRow): BatchStatement {
    return { query: queries.insertInto('latchkey_devices').values(device) };
  },

  /** Forgets the devices of a user beyond the `keep` that were used last. */
  prepareDeleteOldest(queries: Queries, userId: string, keep: number): BatchStatement {
    const kept = queries
      .selectFrom('latchkey_devices')
      .select('id')
      .where('user_id', '=', userId)
      .orderBy('last_used_at', 'desc')
      .orderBy('id', 'desc')
      .limit(keep);
    return {
      query: queries.deleteFrom('latchkey_devices').where('user_id', '=', userId).where('id', 'not in', kept),
    };
  },

  /** The device with this cookie, if its user has it and all sessions of the time have not ended. */
  find(
    queries: Queries,
    device: Pick<DeviceRow, 'token_hash' | 'user_id' | 'session_epoch'> & { readonly now: number },
  ): Promise<Pick<DeviceRow, 'id'> | undefined> {
    return queries
      .selectFrom('latchkey_devices')
      .select('id')
      .where('token_hash', '=', device.token_hash)
      .where('user_id', '=', device.user_id)
      .where('session_epoch', '=', device.session_epoch)
      .where('expires_at', '>', device.now)
      .executeTakeFirst();
  },

  prepareUse(queries: Queries, id: string, now: number): BatchStatement {
    return { query: queries.updateTable('latchkey_devices').set({ last_used_at: now }).where('id', '=', id) };
  },

  /** Those of a user, the one that was used last first. */
  list(queries: Queries, userId: string, now: number): Promise<DeviceRow[]> {
    return queries
      .selectFrom('latchkey_devices')
      .selectAll()
      .where('user_id', '=', userId)
      .where('session_epoch', '=', (eb) =>
        eb.selectFrom('users').select('session_epoch').where('id', '=', userId),
      )
      .where('expires_at', '>', now)
      .orderBy('last_used_at', 'desc')
      .orderBy('id', 'desc')
      .execute();
  },

  /** Also those that are not remembered any more. */
  listAll(queries: Queries, userId: string): Promise<DeviceRow[]> {
    return queries
      .selectFrom('latchkey_devices')
      .selectAll()
      .where('user_id', '=', userId)
      .orderBy('id')
      .execute();
  },

  /** @returns whether the user had it. */
  async delete(queries: Queries, userId: string, id: string): Promise<boolean> {
    const deleted = await queries
      .deleteFrom('latchkey_devices')
      .where('id', '=', id)
      .where('user_id', '=', userId)
      .returning('id')
      .executeTakeFirst();
    return deleted !== undefined;
  },

  /** The device from which a session began. */
  async deleteOfSession(queries: Queries, sessionId: string): Promise<void> {
    await queries
      .deleteFrom('latchkey_devices')
      .where('id', '=', (eb) => eb.selectFrom('sessions').select('device_id').where('id', '=', sessionId))
      .execute();
  },

  async deleteAll(queries: Queries, userId: string): Promise<void> {
    await queries.deleteFrom('latchkey_devices').where('user_id', '=', userId).execute();
  },

  /** Deletes up to `limit` devices of any users. @returns the number of rows deleted. */
  deleteSome(queries: Queries, limit: number): Promise<number> {
    return deleteExpiredRows(queries, 'latchkey_devices', ['id'], Number.MAX_SAFE_INTEGER, limit);
  },

  /** Deletes up to `limit` expired rows. @returns the number of rows deleted. */
  deleteExpired(queries: Queries, now: number, limit: number): Promise<number> {
    return deleteExpiredRows(queries, 'latchkey_devices', ['id'], now, limit);
  },
};
