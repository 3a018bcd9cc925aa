import type { AuditHeadRow, AuditRow, AuditSealRow } from '../database/schema.js';
import type { SealVerdict } from './audit-seals.js';

/** The first thing that is wrong. */
export interface ChainError {
  /** The row's place in the chain, or the place that is empty. */
  readonly sequence: number;
  /** What is wrong, as a sentence. */
  readonly message: string;
}

export function createChainError(sequence: number, message: string): ChainError {
  return { sequence, message };
}

export function describeRow({ sequence, event, at, id }: AuditRow): string {
  return `row ${sequence} (${event}, ${formatTime(at)}, ${id})`;
}

/** An attacker may have put any number there. */
function formatTime(at: number): string {
  return Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : String(at);
}

/** @returns undefined for a seal that may be compared with its row. */
export function describeSealError(
  { day, sequence, key_id: keyId }: AuditSealRow,
  verdict: SealVerdict,
  head: AuditHeadRow,
): string | undefined {
  if (verdict === 'forged')
    return `The seal of ${day}, at row ${sequence}, ${describeVerdict(verdict, keyId)}.`;
  return sequence > head.sequence
    ? `The seal of ${day} is of row ${sequence}, and the head says that the last row is ${head.sequence}.`
    : undefined;
}

export function describeVerdict(verdict: SealVerdict, keyId: string): string {
  switch (verdict) {
    case 'forged':
      return `has not the signature of its contents by the key ${keyId}`;
    case 'retired':
      return `is signed by the key ${keyId}, which is not on the ring`;
    default:
      return `is signed by the shared secret ${keyId}, which is not set`;
  }
}
