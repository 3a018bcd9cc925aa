import { hash } from 'node:crypto';
import type { AuditRow } from '../database/schema.js';

/** What the first row follows. */
export const firstHash = '0'.repeat(64);

/** The columns that a row's hash covers, in this order: every column but the hash. */
export const hashedColumns = [
  'sequence',
  'id',
  'at',
  'event',
  'actor_kind',
  'actor_id',
  'actor_name',
  'target_kind',
  'target',
  'target_name',
  'session_id',
  'address',
  'user_agent',
  'request_id',
  'details',
  'count',
  'last_at',
] as const satisfies readonly (keyof AuditRow)[];

/**
 * The hash of a row in the chain: SHA-256, in hexadecimal, of three lines: the name of this form, the hash of the row before,
 * and a JSON array of the row's columns, without white space. docs/audit.md says how to compute it elsewhere.
 */
export function computeRowHash(previous: string, row: Omit<AuditRow, 'hash'>): string {
  const contents = JSON.stringify(hashedColumns.map((column) => row[column]));
  return hash('sha256', `latchkey audit row 1\n${previous}\n${contents}`);
}
