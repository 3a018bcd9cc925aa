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
    ...(row.details !== null && { details: readDetails(row.details) }),
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

/** Somebody may have written what no service writes: it must not hide the other rows. */
function readDetails(text: string): AuditDetails {
  try {
    const details: unknown = JSON.parse(text);
    if (typeof details === 'object' && details !== null && !Array.isArray(details)) return { ...details };
  } catch {
    // Shown as it is.
  }
  return { unreadable: text };
}

const firstTime = Date.parse('0001-01-01T00:00:00Z');
const lastTime = Date.parse('9999-12-31T23:59:59.999Z');

/** A time that cannot be is shown as the nearest that RFC 3339 has. */
export function toIso(at: number): string {
  return new Date(Math.min(Math.max(at, firstTime), lastTime)).toISOString();
}
