// A change of a role's permissions concerns every holder at once, and there may be any number of them. No holder's row is
// written:
// - Each such change increments one counter, `roles`, in the transaction that changes the role and writes its audit row.
//   An access token carries the counter as `roles_ver`; the statement that reads a user's rights reads it too.
// - The same transaction adds one revocation: tokens that have the role among their `roles`, and a lower `roles_ver`,
//   are revoked. Like every revocation it is in memory before the response to the change, reaches other processes by the
//   feed, and is read at a start. So it takes effect for all holders or, if the transaction is rolled back, for none.
// - Tokens issued after the commit have the revocation's counter or a higher one.
// The role `*` stands for all users: their tokens with a lower `roles_ver` are revoked.
import { countersStore } from '../database/counters.store.js';
import type { Queries } from '../database/database.js';
import { revocationsStore, type Revocation } from './revocations.store.js';

/**
 * Revokes the access tokens of all holders of a role, or of all users, as part of a larger change.
 * @param now milliseconds since the Unix epoch, like `expiresAt`: when the last of those tokens has expired.
 * @param atLeast the smallest new value of the counter: after a restore, issued tokens may have a higher one than the backup.
 * @returns rows for `Revocations.apply`, after the commit and before the response.
 */
export async function revokeTokensOfHolders(
  queries: Queries,
  role: string,
  {
    now,
    expiresAt,
    atLeast,
  }: { readonly now: number; readonly expiresAt: number; readonly atLeast?: number },
): Promise<Revocation[]> {
  const version = await countersStore.increment(queries, 'roles', atLeast);
  const rows: Revocation[] = [
    { kind: 'role', target: role, version, expires_at: expiresAt, created_at: now },
  ];
  await revocationsStore.add(queries, rows);
  return rows;
}
