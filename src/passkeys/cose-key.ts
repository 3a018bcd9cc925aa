import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { validatePublicKey } from '../guard/public-keys.js';
import { validateEd25519Key } from './ed25519-key.js';

/** EdDSA with Ed25519, ES256 and RS256 (RFC 9053, RFC 8812): what authenticators have. */
export const publicKeyAlgorithms = [-8, -7, -257] as const;

/** The labels of RFC 9052 §7.1, RFC 9053 §7 and RFC 8230 §4. */
const labels = { kty: 1, alg: 3, crv: -1, x: -2, y: -3, n: -1, e: -2 } as const;

/**
 * Why the key of a passkey must not be used, as the end of "The key …"; undefined if it may be used. Without an attestation
 * nothing proves that an authenticator has made it: it may be one with which everybody can sign.
 * @param key a decoded COSE_Key (RFC 9052 §7).
 */
export function validateCoseKey(key: unknown): string | undefined {
  const jwk = key instanceof Map ? toJwk(key) : undefined;
  // A key that says one kind by `kty` and another by `alg` would be validated as the one and used as the other.
  if (!jwk) return 'must be of Ed25519 for EdDSA, of P-256 for ES256, or of RSA for RS256, and complete';
  return jwk.kty === 'OKP' ? validateEd25519Key(jwk.x ?? '') : (validatePublicKey(jwk) ?? validatePoint(jwk));
}

/** @returns undefined for a key whose members do not belong together, or are missing. */
function toJwk(key: ReadonlyMap<unknown, unknown>): JsonWebKey | undefined {
  const read = (name: keyof typeof labels): unknown => key.get(labels[name]);
  const encode = (name: keyof typeof labels): string | undefined => {
    const bytes = read(name);
    return bytes instanceof Uint8Array ? Buffer.from(bytes).toString('base64url') : undefined;
  };
  const kind = [read('kty'), read('alg')].join(' ');
  const [x, y, n, e] = [encode('x'), encode('y'), encode('n'), encode('e')];
  if (kind === '1 -8' && read('crv') === 6 && x !== undefined) return { kty: 'OKP', crv: 'Ed25519', x };
  if (kind === '2 -7' && read('crv') === 1 && x !== undefined && y !== undefined)
    return { kty: 'EC', crv: 'P-256', x, y };
  if (kind === '3 -257' && n !== undefined && e !== undefined) return { kty: 'RSA', n, e };
  return undefined;
}

function validatePoint(jwk: JsonWebKey): string | undefined {
  try {
    createPublicKey({ key: jwk, format: 'jwk' });
    return undefined;
  } catch {
    return jwk.kty === 'EC' ? 'must be a point of its curve' : 'cannot be read';
  }
}
