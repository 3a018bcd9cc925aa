import { sql } from 'kysely';
import type { BatchStatement } from '../database/batch.js';
import type { Queries } from '../database/database.js';
import type { Schema } from '../database/schema.js';
import type { CheckedUser } from '../sessions/session-starter.js';

export type StoredPasskey = Schema['latchkey_passkeys'];

/** A passkey with the account that it logs in to. */
export interface PasskeyOwner {
  readonly passkey: StoredPasskey;
  readonly user: CheckedUser & {
    readonly session_epoch: number;
    readonly disabled_at: number | null;
  };
}

interface Use {
  readonly id: string;
  readonly signCount: number;
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
  readonly now: number;
}

export const passkeysStore = {
  /** @returns false where some account has the credential already. */
  async insert(queries: Queries, passkey: StoredPasskey): Promise<boolean> {
    const inserted = await queries
      .insertInto('latchkey_passkeys')
      .values(passkey)
      .onConflict((conflict) => conflict.column('credential_id').doNothing())
      .returning('id')
      .executeTakeFirst();
    return inserted !== undefined;
  },

  /** Oldest first. */
  list(queries: Queries, userId: string): Promise<StoredPasskey[]> {
    return queries
      .selectFrom('latchkey_passkeys')
      .selectAll()
      .where('user_id', '=', userId)
      .orderBy('id')
      .execute();
  },

  find(queries: Queries, userId: string, id: string): Promise<StoredPasskey | undefined> {
    return queries
      .selectFrom('latchkey_passkeys')
      .selectAll()
      .where('id', '=', id)
      .where('user_id', '=', userId)
      .executeTakeFirst();
  },

  async findOwner(queries: Queries, credentialId: string): Promise<PasskeyOwner | undefined> {
    const row = await queries
      .selectFrom('latchkey_passkeys')
      .innerJoin('users', 'users.id', 'latchkey_passkeys.user_id')
      .selectAll('latchkey_passkeys')
      .select(['users.password_hash', 'users.second_factors', 'users.session_epoch', 'users.disabled_at'])
      .where('latchkey_passkeys.credential_id', '=', credentialId)
      .where('users.deleted_at', 'is', null)
      .executeTakeFirst();
    if (!row) return undefined;
    const { password_hash, second_factors, session_epoch, disabled_at, ...passkey } = row;
    return {
      passkey,
      user: { id: row.user_id, password_hash, second_factors, session_epoch, disabled_at },
    };
  },

  async rename(
    queries: Queries,
    userId: string,
    id: string,
    name: string,
  ): Promise<StoredPasskey | undefined> {
    return queries
      .updateTable('latchkey_passkeys')
      .set({ name })
      .where('id', '=', id)
      .where('user_id', '=', userId)
      .returningAll()
      .executeTakeFirst();
  },

  delete(queries: Queries, userId: string, id: string): Promise<StoredPasskey | undefined> {
    return queries
      .deleteFrom('latchkey_passkeys')
      .where('id', '=', id)
      .where('user_id', '=', userId)
      .returningAll()
      .executeTakeFirst();
  },

  /** Those that were added from a time on log nobody in alone any more; they stay second factors. */
  async demoteSince(queries: Queries, userId: string, since: number): Promise<void> {
    await queries
      .updateTable('latchkey_passkeys')
      .set({ passwordless: 0 })
      .where('user_id', '=', userId)
      .where('created_at', '>=', since)
      .execute();
  },

  /**
   * Moves the counter forward (WebAuthn §7.2): where it would stand still or go back, the statement finds nothing. Those that
   * do not count stay at 0.
   */
  prepareUse(queries: Queries, { id, signCount, backupEligible, backedUp, now }: Use): BatchStatement {
    return {
      required: true,
      query: queries
        .updateTable('latchkey_passkeys')
        .set({
          sign_count: signCount,
          backup_eligible: backupEligible ? 1 : 0,
          backed_up: backedUp ? 1 : 0,
          last_used_at: now,
        })
        .where('id', '=', id)
        .where((eb) =>
          eb.or([
            eb('sign_count', '<', signCount),
            eb.and([eb('sign_count', '=', 0), eb(sql<number>`cast(${signCount} as bigint)`, '=', 0)]),
          ]),
        )
        .returning('id'),
    };
  },
};
