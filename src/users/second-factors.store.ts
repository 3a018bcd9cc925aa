import { sql } from 'kysely';
import type { Queries } from '../database/database.js';

/** The kinds of second factors, as bits of `users.second_factors`: a login reads them with the user, in one row. */
const secondFactorBits = { totp: 1, passkey: 2 } as const;

export type SecondFactorKind = keyof typeof secondFactorBits;

/** The kinds in `users.second_factors`. */
export function listSecondFactors(bits: number): SecondFactorKind[] {
  const kinds = Object.entries(secondFactorBits) as [SecondFactorKind, number][];
  return kinds.filter(([, bit]) => (bits & bit) !== 0).map(([kind]) => kind);
}

/**
 * Which kinds of second factors a user has. To be changed in the transaction that adds the first or removes the last of a
 * kind, and before its other statements: the row of the user is then locked, and a login in progress fails.
 */
export const secondFactorsStore = {
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
