import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';

/** A client's key pair: the public half is for `jwks`, the private half signs. */
export interface ClientKeyPair {
  readonly privateKey: ReturnType<typeof generateKeyPairSync>['privateKey'];
  readonly jwk: JsonWebKey & { kid?: string; alg?: string };
}

export function createClientKey(
  details: { readonly kid?: string; readonly alg?: string } = {},
): ClientKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), ...details } };
}

export function createClientRsaKey(bits: number): ClientKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  return { privateKey, jwk: publicKey.export({ format: 'jwk' }) };
}
