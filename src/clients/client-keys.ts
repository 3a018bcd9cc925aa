import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { validateJwkUse, computeSignatureLength } from '../guard/public-keys.js';
import type { AsymmetricAlgorithm } from '../keys/algorithms.js';
import { findAlgorithms, KeyImportError } from '../keys/signing-keys.js';

/** A public key of a client, as a JWK (RFC 7517 §4). */
export interface ClientKey {
  readonly kty: string;
  readonly kid?: string;
  readonly use?: string;
  readonly alg?: string;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
  readonly [member: string]: unknown;
}

/** RFC 7517 §5. */
export interface ClientKeySet {
  readonly keys: readonly ClientKey[];
}

/** A key that verifies a client's signatures. */
export interface VerificationKey {
  readonly id: string | undefined;
  /** The `alg` of the JWK; without it, all that fit the key's type. */
  readonly algorithms: readonly AsymmetricAlgorithm[];
  readonly publicKey: KeyObject;
  /** Bytes of a signature. */
  readonly signatureLength: number;
}

interface VerificationKeys {
  readonly keys: readonly VerificationKey[];
  /** Why other keys are not used: they were registered before such keys were refused. */
  readonly refused: readonly string[];
}

/** The members of public EC and RSA keys (RFC 7518 §6.2, §6.3), and the common ones. */
const publicMembers = ['kty', 'kid', 'use', 'alg', 'crv', 'x', 'y', 'n', 'e'] as const;

/**
 * Validates a client's key and reduces it to its public members.
 * @throws {KeyImportError} where it cannot verify signatures, or is not a public key.
 */
export function importClientKey(jwk: ClientKey): ClientKey {
  const reason = validateJwkUse(jwk);
  if (reason !== undefined) throw new KeyImportError(reason);
  importVerificationKey(jwk);
  const members = publicMembers.flatMap((member) =>
    jwk[member] === undefined ? [] : [[member, jwk[member]]],
  );
  return Object.fromEntries(members) as ClientKey;
}

/** @param kid the `kid` of the JWS header, if any. */
export function readVerificationKeys(jwks: string, kid: string | undefined): VerificationKeys {
  const keys: VerificationKey[] = [];
  const refused: string[] = [];
  for (const jwk of (JSON.parse(jwks) as ClientKeySet).keys) {
    if (kid !== undefined && jwk.kid !== kid) continue;
    try {
      keys.push(importVerificationKey(jwk));
    } catch (error) {
      if (!(error instanceof KeyImportError)) throw error;
      refused.push(
        `${jwk.kid === undefined ? 'A key' : `The key "${jwk.kid}"`} is not used: ${error.message}`,
      );
    }
  }
  return { keys, refused };
}

function importVerificationKey(jwk: ClientKey): VerificationKey {
  let publicKey: KeyObject;
  try {
    publicKey = createPublicKey({ key: jwk as unknown as JsonWebKey, format: 'jwk' });
  } catch (cause) {
    throw new KeyImportError('must be a public key in JWK form', { cause });
  }
  const fitting = findAlgorithms(publicKey);
  const algorithms = fitting.filter((algorithm) => jwk.alg === undefined || algorithm === jwk.alg);
  if (algorithms.length === 0) throw new KeyImportError(`has an "alg" that does not fit the key`);
  return { id: jwk.kid, algorithms, publicKey, signatureLength: computeSignatureLength(jwk) };
}
