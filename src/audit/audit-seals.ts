import type { AuditHeadRow, AuditSealRow } from '../database/schema.js';

/** What a seal states. */
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
export function createStatement(state: SealedState): string {
  const { day, at, sequence, hash, base_sequence, base_hash } = state;
  return `latchkey audit seal 1\n${JSON.stringify([day, at, sequence, hash, base_sequence, base_hash])}`;
}

export function signState(keys: SealKeys, state: SealedState): SealedState & SealSignature {
  return { ...state, ...keys.sign(createStatement(state)) };
}

export function verifySeal(keys: SealKeys, seal: AuditSealRow): SealVerdict {
  return keys.verify(createStatement(seal), seal);
}

/** The seal that a head becomes when its day is over. */
export function toSeal(head: AuditHeadRow): AuditSealRow {
  const { day, at, sequence, hash, base_sequence, base_hash, key_id, algorithm, public_key, signature } =
    head;
  return { day, at, sequence, hash, base_sequence, base_hash, key_id, algorithm, public_key, signature };
}

/** A day (UTC), as in 2026-11-29: in this form days compare as texts. */
export function formatDay(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}
