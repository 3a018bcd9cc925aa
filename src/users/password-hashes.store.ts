import { sql } from 'kysely';
import type { BatchStatement } from '../database/batch.js';
import type { Queries } from '../database/database.js';
import { getStoredRange, readComputation } from '../passwords/stored-hash.js';

/** The password hashes of users, and of which kinds they are. */
export const passwordHashesStore = {
  /**
   * Sets a new password, if the password has not changed since the check.
   * @returns whether it was set.
   */
  async replace(
    queries: Queries,
    change: {
      readonly id: string;
      readonly checkedHash: string;
      readonly newHash: string;
      readonly now: number;
    },
  ): Promise<boolean> {
    const changed = await queries
      .updateTable('users')
      .set({
        password_hash: change.newHash,
        password_one_time: 0,
        one_time_expires_at: null,
        updated_at: change.now,
      })
      .where('id', '=', change.id)
      .where('password_hash', '=', change.checkedHash)
      .where('disabled_at', 'is', null)
      .returning('id')
      .executeTakeFirst();
    return changed !== undefined;
  },

  /** Stores a better hash of the password that was checked, unless the password has changed. */
  prepareRehash(
    queries: Queries,
    {
      id,
      checkedHash,
      newHash,
    }: { readonly id: string; readonly checkedHash: string; readonly newHash: string },
  ): BatchStatement {
    const query = queries
      .updateTable('users')
      .set({ password_hash: newHash })
      .where('id', '=', id)
      .where('password_hash', '=', checkedHash)
      .returning('id');
    return { query, required: true };
  },

  /**
   * The distinct costs of the users' password hashes, such as `m=19456,t=2,p=1`, sorted. One index lookup per cost, however
   * many users there are.
   */
  async listCosts(queries: Queries): Promise<string[]> {
    const found: string[] = [];
    for (;;) {
      const next = await queries
        .selectFrom('users')
        .select(passwordCosts.as('costs'))
        .where(passwordCosts, '>', found.at(-1) ?? '')
        .orderBy(passwordCosts)
        .limit(1)
        .executeTakeFirst();
      if (!next) return found;
      found.push(next.costs);
    }
  },

  /**
   * The families of the hashes that other applications made, each with its largest amount. One index lookup per family,
   * however many users there are.
   */
  async listForeignFamilies(queries: Queries): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    const { first } = getStoredRange();
    let { end } = getStoredRange();
    for (;;) {
      const last = await queries
        .selectFrom('users')
        .select('password_hash')
        .where(isForeignHash)
        .where('password_hash', '>=', first)
        .where('password_hash', '<', end)
        .orderBy('password_hash', 'desc')
        .limit(1)
        .executeTakeFirst();
      const computation = last && readComputation(last.password_hash);
      if (!computation) return found;
      found.set(computation.family, computation.amount);
      end = getStoredRange(computation.family).first;
    }
  },

  /** The families of all hashes, those of argon2id among them. */
  async listKinds(queries: Queries): Promise<Set<string>> {
    return new Set([
      ...(await passwordHashesStore.listCosts(queries)).map((costs) => `argon2id:${costs}`),
      ...(await passwordHashesStore.listForeignFamilies(queries)).keys(),
    ]);
  },
};

/** Spelled as in the migration that made the index, which has these rows alone. */
const isForeignHash = sql<boolean>`password_hash >= 'imported-hash/' and password_hash < 'imported-hash0'`;

/** The fourth part of `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`, spelled as in the migration that made the index. */
const passwordCosts = sql<string>`substr(substr(password_hash, 16), 1,
  length(substr(password_hash, 16)) - length(ltrim(substr(password_hash, 16), '0123456789mtp=,')))`;
