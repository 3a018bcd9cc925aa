import type { Actor } from '../audit/actor.js';
import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Queries } from '../database/database.js';
import type { UserWithRoles } from '../users/users.service.js';

/** To be called in the transaction that makes the account. */
export function auditRegistered(
  transaction: Queries,
  clock: Clock,
  { id, username, email_verified_at: verifiedAt }: UserWithRoles,
  actor: Actor,
): Promise<void> {
  return auditStore.add(transaction, clock, {
    event: 'user_registered',
    actor,
    target: { kind: 'user', id, name: username },
    details: { email_verified: verifiedAt !== null },
  });
}
