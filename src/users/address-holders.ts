import type { Actor } from '../audit/actor.js';
import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Queries } from '../database/database.js';
import { addressesStore } from './addresses.store.js';
import { usersStore } from './users.store.js';

/**
 * Whether another user has proved to have an address, or has it as the name to log in with. Who has it without a proof keeps nobody
 * from proving it.
 * @param key as `parseEmailAddress` returns it.
 */
export async function isAddressProved(queries: Queries, key: string, exceptId: string): Promise<boolean> {
  const named = await usersStore.findByName(queries, key);
  // Both are always asked: the time is not to tell which it was.
  const isVerified = await addressesStore.isVerified(queries, key, exceptId);
  return isVerified || (named !== undefined && named.id !== exceptId);
}

/**
 * Takes addresses from users who have not proved them, for those who have.
 * @param keys as `parseEmailAddress` returns them.
 * @param by `actor`: who takes them, for the audit; `exceptId`: a user who keeps them.
 * @returns the ids of those who have none now.
 */
export async function takeUnverifiedAddresses(
  transaction: Queries,
  clock: Clock,
  keys: readonly string[],
  { actor, exceptId }: { readonly actor: Actor; readonly exceptId?: string },
): Promise<readonly string[]> {
  const holders = await addressesStore.lockUnverified(transaction, keys, exceptId);
  for (const { id, username, email } of holders) {
    const none = { email: null, email_key: null, email_verified_at: null };
    await usersStore.update(transaction, id, clock.now(), none);
    await auditStore.add(transaction, clock, {
      event: 'email_changed',
      actor,
      target: { kind: 'user', id, name: username },
      details: { email: { from: email, to: null } },
    });
  }
  return holders.map(({ id }) => id);
}
