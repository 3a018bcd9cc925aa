import type { AuditHeadRow, AuditSealRow } from '../database/schema.js';

/** Of the table's only row. */
export const headName = 'head';

/** What a seal or the head states. */
export type SealedState = Pick<
  AuditSealRow,
  'day' | 'at' | 'sequence' | 'hash' | 'base_sequence' | 'base_hash'
>;
export type SealSignature = Pick<AuditSealRow, 'key_id' | 'algorithm' | 'public_key' | 'signature'>;

/**
 * `valid`: by a key on the ring; `retired`: by the public key that is kept with the seal, which is not on the ring any more;
 * `unknown_key`: by a shared secret that is not set any more; `forged`: by none of them.
 */
export type SealVerdict = 'valid' | 'retired' | 'unknown_key' | 'forged';

/**
 * A head says how far the chain goes now, a seal how far it went on its day. Each is signed as what it is: otherwise a seal could
 * take the place of the head, and the rows since its day could be removed.
 */
type StatementKind = 'head' | 'seal';

/** The key ring, as the audit uses it. */
export interface SealKeys {
  /** Not before the first start of an installation. */
  canSign(): boolean;
  sign(statement: string): SealSignature;
  verify(statement: string, signature: SealSignature): SealVerdict;
  /** Reads the ring again: another process may have signed with a new key. */
  reload(): Promise<void>;
}

/**
 * The text that is signed. It begins with words, so that it can never be the signed part of a token, for which the same key
 * is used: that is base64url, with a dot in it.
 */
function createStatement(kind: StatementKind, state: SealedState): string {
  const { day, at, sequence, hash, base_sequence, base_hash } = state;
  return `latchkey audit ${kind} 1\n${JSON.stringify([day, at, sequence, hash, base_sequence, base_hash])}`;
}

export function signHead(keys: SealKeys, state: SealedState): AuditHeadRow {
  return { name: headName, ...sign(keys, 'head', state) };
}

/** The seal of a day, at its end. @param head the last of that day. */
export function signSeal(keys: SealKeys, head: SealedState): AuditSealRow {
  const { day, at, sequence, hash, base_sequence, base_hash } = head;
  return sign(keys, 'seal', { day, at, sequence, hash, base_sequence, base_hash });
}

export function verifyHead(keys: SealKeys, head: AuditHeadRow): SealVerdict {
  return keys.verify(createStatement('head', head), head);
}

export function verifySeal(keys: SealKeys, seal: AuditSealRow): SealVerdict {
  return keys.verify(createStatement('seal', seal), seal);
}

function sign(keys: SealKeys, kind: StatementKind, state: SealedState): AuditSealRow {
  return { ...state, ...keys.sign(createStatement(kind, state)) };
}

/** A day (UTC), as in 2026-11-29: in this form days compare as texts. */
export function formatDay(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}
