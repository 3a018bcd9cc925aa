import type { AuditRow } from '../database/schema.js';
import {
  AuditActorKind,
  type AuditActor,
  type AuditDetails,
  type AuditEntry,
  type AuditTarget,
} from './audit.models.js';

/** What clients, exports and receivers see of a row. */
export function toAuditEntry(row: AuditRow): AuditEntry {
  const actor = toActor(row);
  const target = toTarget(row);
  return {
    id: row.id,
    at: toIso(row.at),
    event: row.event,
    ...(actor && { actor }),
    ...(target && { target }),
    ...(row.session_id !== null && { session_id: row.session_id }),
    ...(row.address !== null && { address: row.address }),
    ...(row.user_agent !== null && { user_agent: row.user_agent }),
    ...(row.request_id !== null && { request_id: row.request_id }),
    ...(row.details !== null && { details: JSON.parse(row.details) as AuditDetails }),
    count: row.count,
    ...(row.last_at !== null && { last_at: toIso(row.last_at) }),
    ...(row.sequence !== null && { sequence: row.sequence }),
    ...(row.hash !== null && { hash: row.hash }),
  };
}

const actorKinds = {
  user: AuditActorKind.User,
  client: AuditActorKind.Client,
  operator: AuditActorKind.Operator,
  service: AuditActorKind.Service,
} as const;

function toActor({ actor_kind: kind, actor_id: id, actor_name: name }: AuditRow): AuditActor | undefined {
  if (kind === null && id === null) return undefined;
  return {
    ...(kind !== null && { kind: actorKinds[kind] }),
    ...(id !== null && { id }),
    ...(name !== null && { name }),
  };
}

function toTarget({ target_kind: kind, target: id, target_name: name }: AuditRow): AuditTarget | undefined {
  if (id === null) return undefined;
  return { ...(kind !== null && { kind }), id, ...(name !== null && { name }) };
}

function toIso(at: number): string {
  return new Date(at).toISOString();
}
