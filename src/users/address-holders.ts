import type { Actor } from '../audit/actor.js';
import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Queries } from '../database/database.js';
import { addressesStore } from './addresses.store.js';
import { usersStore } from './users.store.js';

/**
 * Whether another user has an address, or has it as the name to log in with.
 * @param key as `parseEmailAddress` returns it.
 */
export function isAddressTaken(queries: Queries, key: string, exceptId: string): Promise<boolean> {
  return isHeldOrNamed(queries, key, exceptId, false);
}

/** The same, but for a user who has not proved the address: that one keeps nobody from proving it. */
export function isAddressProved(queries: Queries, key: string, exceptId: string): Promise<boolean> {
  return isHeldOrNamed(queries, key, exceptId, true);
}

async function isHeldOrNamed(
  queries: Queries,
  key: string,
  exceptId: string,
  isProved: boolean,
): Promise<boolean> {
  const named = await usersStore.findByName(queries, key);
  // Both are always asked: the time must not reveal which it was.
  const isHeld = await addressesStore.hasHolder(queries, key, exceptId, isProved);
  return isHeld || (named !== undefined && named.id !== exceptId);
}

/**
 * Takes addresses from users who have not proved them, for those who have.
 * @param keys as `parseEmailAddress` returns them.
 * @param by `actor`: who takes them, for the audit; `exceptId`: a user who keeps them.
 */
export async function takeUnverifiedAddresses(
  transaction: Queries,
  clock: Clock,
  keys: readonly string[],
  { actor, exceptId }: { readonly actor: Actor; readonly exceptId?: string },
): Promise<void> {
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
}
