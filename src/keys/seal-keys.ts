import {
  constants,
  createHmac,
  createPublicKey,
  sign,
  verify,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import type { SealKeys, SealSignature, SealVerdict } from '../audit/audit-seals.js';
import { validatePublicKey } from '../guard/public-keys.js';
import { asymmetricAlgorithms, isSymmetric, type Algorithm } from './algorithms.js';
import type { KeyRing } from './key-ring.js';
import { computeThumbprint, toPublicJwk } from './signing-keys.js';

/** Signs the audit's seals with the keys of access tokens. */
export function createSealKeys(ring: KeyRing): SealKeys {
  return {
    canSign: () => ring.hasSigningKey,
    sign: (statement) => {
      const key = ring.signingKey;
      const { id, algorithm, privateKey } = key;
      return {
        key_id: id,
        algorithm,
        public_key: isSymmetric(algorithm) ? null : JSON.stringify(toPublicJwk(key)),
        signature: signText(statement, algorithm, privateKey),
      };
    },
    verify: (statement, signature) => {
      // A key whose tokens are not accepted any more is still there for a while.
      const key =
        ring.listSigningKeys().find(({ id }) => id === signature.key_id) ??
        ring.findSigningKey(signature.key_id);
      if (!key) return verifyWithKeptKey(statement, signature);
      const isRight =
        key.algorithm === signature.algorithm &&
        verifyText(statement, key.algorithm, key.publicKey, signature.signature);
      return isRight ? 'valid' : 'forged';
    },
    reload: () => ring.reload(),
  };
}

function verifyWithKeptKey(
  statement: string,
  { key_id: id, algorithm, public_key: jwk, signature }: SealSignature,
): SealVerdict {
  if (jwk === null) return 'unknown_key';
  const known = asymmetricAlgorithms.find((each) => each === algorithm);
  const key = readPublicKey(jwk);
  if (!known || !key || computeThumbprint(key) !== id) return 'forged';
  return verifyText(statement, known, key, signature) ? 'retired' : 'forged';
}

/** @returns undefined for what is no key, or none that may be used: somebody has changed it. */
function readPublicKey(jwk: string): KeyObject | undefined {
  try {
    const key = JSON.parse(jwk) as JsonWebKey;
    return validatePublicKey(key) === undefined ? createPublicKey({ key, format: 'jwk' }) : undefined;
  } catch {
    return undefined;
  }
}

function signText(text: string, algorithm: Algorithm, key: KeyObject): string {
  if (isSymmetric(algorithm)) return createHmac(getHash(algorithm), key).update(text).digest('base64url');
  return sign(getHash(algorithm), Buffer.from(text), toKeyInput(algorithm, key)).toString('base64url');
}

function verifyText(text: string, algorithm: Algorithm, key: KeyObject, signature: string): boolean {
  if (isSymmetric(algorithm)) return signText(text, algorithm, key) === signature;
  const bytes = Buffer.from(signature, 'base64url');
  try {
    return verify(getHash(algorithm), Buffer.from(text), toKeyInput(algorithm, key), bytes);
  } catch {
    // The key is of another kind than the algorithm: somebody has changed one of them.
    return false;
  }
}

/** As in JWA (RFC 7518 §3): ECDSA's two numbers side by side, RSA-PSS with a salt as long as the hash. */
function toKeyInput(algorithm: Algorithm, key: KeyObject) {
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
  if (algorithm.startsWith('ES')) return { key, dsaEncoding: 'ieee-p1363' as const };
  return algorithm.startsWith('PS') ? { key, padding, saltLength } : { key };
}

function getHash(algorithm: Algorithm): string {
  return `sha${algorithm.slice(2)}`;
}
