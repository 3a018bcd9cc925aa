import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { AsymmetricAlgorithm } from '../tokens/algorithms.js';
import { fittingAlgorithms, KeyImportError } from '../tokens/signing-keys.js';
import type { ClientKey, ClientKeySet } from './clients.models.js';

/** What verifies a client's signatures. */
export interface VerificationKey {
  readonly id: string | undefined;
  /** One, where the JWK says so; else those that its kind of key is for. */
  readonly algorithms: readonly AsymmetricAlgorithm[];
  readonly publicKey: KeyObject;
}

/** The members of a public key of the kinds that are known here (RFC 7518 §6.2, §6.3), and what it is for. */
const publicMembers = ['kty', 'kid', 'use', 'alg', 'crv', 'x', 'y', 'n', 'e'] as const;
/** Of private and of symmetric keys (RFC 7518 §6). */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/**
 * A key that a client brought, as it is kept: its public members alone.
 * @throws {KeyImportError} where it cannot verify anything, or is a secret.
 */
export function importClientKey(jwk: ClientKey): ClientKey {
  if (secretMembers.some((member) => jwk[member] !== undefined)) {
    throw new KeyImportError('must be a public key: leave out its secret members');
  }
  if (jwk.use !== undefined && jwk.use !== 'sig') throw new KeyImportError('must be for signatures ("sig")');
  openKey(jwk);
  const members = publicMembers.flatMap((member) =>
    jwk[member] === undefined ? [] : [[member, jwk[member]]],
  );
  return Object.fromEntries(members) as ClientKey;
}

/** The keys of a client that may have made a signature. @param kid the `kid` that the signature names, if any. */
export function verificationKeys(jwks: string, kid: string | undefined): VerificationKey[] {
  const { keys } = JSON.parse(jwks) as ClientKeySet;
  return keys.filter((jwk) => kid === undefined || jwk.kid === kid).map(openKey);
}

function openKey(jwk: ClientKey): VerificationKey {
  let publicKey: KeyObject;
  try {
    publicKey = createPublicKey({ key: jwk as unknown as JsonWebKey, format: 'jwk' });
  } catch (cause) {
    throw new KeyImportError('must be a public key in JWK form', { cause });
  }
  const fitting = fittingAlgorithms(publicKey);
  const algorithms = fitting.filter((algorithm) => jwk.alg === undefined || algorithm === jwk.alg);
  if (algorithms.length === 0) throw new KeyImportError(`has an "alg" that its key is not for`);
  return { id: jwk.kid, algorithms, publicKey };
}
