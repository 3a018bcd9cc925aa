import { sql } from 'kysely';
import type { SecondFactorKind } from '../http/api-types.js';
import type { Queries } from '../database/database.js';
import { secondFactorBits } from './second-factor-bits.js';

/**
 * Which kinds of second factors a user has. To be changed in the transaction that adds the first or removes the last of a
 * kind, and before its other statements: the row of the user is then locked, and a login in progress fails.
 */
export const secondFactorsStore = {
  /** The bits of a user; undefined where there is no such user. */
  async find(queries: Queries, userId: string): Promise<number | undefined> {
    const user = await queries
      .selectFrom('users')
      .select('second_factors')
      .where('id', '=', userId)
      .executeTakeFirst();
    return user?.second_factors;
  },

  /** The same, after which nobody else changes them until the end of the transaction. */
  async lock(transaction: Queries, userId: string): Promise<number | undefined> {
    const user = await transaction
      .updateTable('users')
      .set((eb) => ({ second_factors: eb.ref('second_factors') }))
      .where('id', '=', userId)
      .returning('second_factors')
      .executeTakeFirst();
    return user?.second_factors;
  },

  async add(transaction: Queries, userId: string, kind: SecondFactorKind): Promise<void> {
    const bit = sql<number>`cast(${secondFactorBits[kind]} as bigint)`;
    await transaction
      .updateTable('users')
      .set({ second_factors: sql<number>`second_factors | ${bit}` })
      .where('id', '=', userId)
      .execute();
  },

  async remove(transaction: Queries, userId: string, kind: SecondFactorKind): Promise<void> {
    const others = sql<number>`cast(${~secondFactorBits[kind]} as bigint)`;
    await transaction
      .updateTable('users')
      .set({ second_factors: sql<number>`second_factors & ${others}` })
      .where('id', '=', userId)
      .execute();
  },
};
