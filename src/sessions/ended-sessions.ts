import type { Clock } from '../clock.js';
import type { Queries } from '../database/open-database.js';
import { revocationsStore, type Revocation } from '../tokens/revocations.store.js';
import type { EndedSession } from './sessions.store.js';

/**
 * Voids the access tokens of the sessions that a transaction ends.
 * @returns rows for `Revocations.apply`, after the commit and before the answer.
 */
export async function voidTokensOf(
  transaction: Queries,
  clock: Clock,
  ended: readonly EndedSession[],
): Promise<Revocation[]> {
  const created_at = clock.now();
  const rows = ended.map(({ id, access_expires_at: expires_at }): Revocation => {
    return { kind: 'session', target: id, version: null, expires_at, created_at };
  });
  await revocationsStore.add(transaction, rows);
  return rows;
}
