import { auditEvents } from '../audit/audit-events.js';
import { Problem } from '../problems/problem.js';
import type { AuditFilter } from '../audit/audit-list.store.js';
import type { AuditQuery } from './audit.models.js';

type Conditions = Omit<AuditQuery, 'order' | 'limit' | 'cursor'>;

/** @throws {Problem} `validation_failed` for an unknown event, and for a time that does not exist. */
export function toAuditFilter({ from, to, ...conditions }: Conditions): AuditFilter {
  const errors: Record<string, string> = {};
  if (conditions.event !== undefined && !Object.hasOwn(auditEvents, conditions.event)) {
    errors['event'] = 'must be the name of an event';
  }
  const readTime = (field: 'from' | 'to', text: string | undefined): number | undefined => {
    const at = text === undefined ? undefined : Date.parse(text);
    if (Number.isNaN(at)) errors[field] = 'must be a time such as 2026-11-24T09:00:00Z';
    return at;
  };
  const filter = { ...conditions, from: readTime('from', from), to: readTime('to', to) };
  if (Object.keys(errors).length > 0) throw new Problem('validation_failed', { errors });
  return filter;
}
