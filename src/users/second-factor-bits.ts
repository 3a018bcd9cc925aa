import type { SecondFactorKind } from '../http/api-types.js';

/** The kinds of second factors, as bits of `users.second_factors`: a login reads them with the user, in one row. */
export const secondFactorBits: Readonly<Record<SecondFactorKind, number>> = { totp: 1, passkey: 2 };

/** The kinds in `users.second_factors`. */
export function listSecondFactors(bits: number): SecondFactorKind[] {
  const kinds = Object.entries(secondFactorBits) as [SecondFactorKind, number][];
  return kinds.filter(([, bit]) => (bits & bit) !== 0).map(([kind]) => kind);
}
