import type { Actor } from '../audit/actor.js';
import type { AuditEvent } from '../audit/audit-events.js';
import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Queries } from '../database/database.js';
import { keysStore, type StoredKey } from './keys.store.js';

/** Why keys change. */
export interface KeyChange {
  /** What is said of each key that is new on the ring. */
  readonly event: 'key_created' | 'key_rotated' | 'key_imported';
  readonly actor: Actor;
}

/** Adds a row to the audit for each key that a transaction has put on the ring or removed from it. */
export async function auditKeyChange(
  queries: Queries,
  clock: Clock,
  before: readonly StoredKey[],
  { event, actor }: KeyChange,
): Promise<void> {
  const after = await keysStore.list(queries);
  const add = (what: AuditEvent, { id, purpose, algorithm, active_at }: StoredKey, isNew: boolean) =>
    auditStore.add(queries, clock, {
      event: what,
      actor,
      target: { kind: 'key', id },
      details: { purpose, algorithm, ...(isNew && { signs_from: new Date(active_at).toISOString() }) },
    });
  for (const key of before) {
    if (!after.some(({ id }) => id === key.id)) await add('key_revoked', key, false);
  }
  for (const key of after) {
    const known = before.find(({ id }) => id === key.id);
    // An imported key may have been there before: then it signs again.
    const isNew = !known || (event === 'key_imported' && known.active_at !== key.active_at);
    if (isNew) await add(event, key, true);
  }
}
