// A change of what a role permits concerns every holder at once, and there may be any number of them. No row of a
// holder is touched:
// - One count, `roles`, rises by one with each such change, in the transaction that changes the role and writes its
//   audit row. An access token carries the count as `roles_ver`; the statement that reads a user's rights reads it too.
// - The same transaction adds one revocation: tokens that have the role among their `roles`, and a lower `roles_ver`,
//   are revoked. Like every revocation it is in memory before the change is answered, comes to other processes by the feed,
//   and is read at a start. So it holds for all holders or, where the transaction is undone, for none.
// - What was issued after the commit has seen the change, and has the count that the revocation has, or a higher one.
// The role `*` stands for all: no user's token with a lower `roles_ver` is good.
import { countersStore } from '../database/counters.store.js';
import type { Queries } from '../database/database.js';
import { revocationsStore, type Revocation } from './revocations.store.js';

/**
 * Revokes the access tokens of all holders of a role, or of all users, as part of a larger change.
 * @param now milliseconds since the Unix epoch, like `expiresAt`: when the last of those tokens has expired.
 * @param by how much the count rises: more than 1 after a restore, for tokens may have a count that is not known any more.
 * @returns rows for `Revocations.apply`, after the commit and before the answer.
 */
export async function revokeTokensOfHolders(
  queries: Queries,
  role: string,
  { now, expiresAt, by }: { readonly now: number; readonly expiresAt: number; readonly by?: number },
): Promise<Revocation[]> {
  const version = await countersStore.increment(queries, 'roles', by);
  const rows: Revocation[] = [
    { kind: 'role', target: role, version, expires_at: expiresAt, created_at: now },
  ];
  await revocationsStore.add(queries, rows);
  return rows;
}
