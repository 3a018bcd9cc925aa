import type { Actor } from '../audit/actor.js';
import type { AuditEntry } from '../audit/audit.store.js';
import { listSecondFactors } from '../users/second-factor-bits.js';
import type { NewImportedUser } from './imported-users.store.js';

/** What the audit says of a user who was imported. */
export function describeImported({ user, origin, roles }: NewImportedUser, actor: Actor): AuditEntry {
  return {
    event: 'user_imported',
    actor,
    target: { kind: 'user', id: user.id, name: user.username },
    details: {
      source: origin.source,
      foreign_id: origin.foreign_id,
      roles,
      disabled: user.disabled_at !== null,
      ...(user.second_factors !== 0 && { second_factors: listSecondFactors(user.second_factors) }),
    },
  };
}
