/** JWA's signature algorithms (RFC 7518 §3.1) that access tokens may be signed with. */
export const asymmetricAlgorithms = [
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
] as const;
export const symmetricAlgorithms = ['HS256', 'HS384', 'HS512'] as const;
export const algorithms = [...asymmetricAlgorithms, ...symmetricAlgorithms] as const;

export type AsymmetricAlgorithm = (typeof asymmetricAlgorithms)[number];
export type SymmetricAlgorithm = (typeof symmetricAlgorithms)[number];
export type Algorithm = (typeof algorithms)[number];

export function isSymmetric(algorithm: Algorithm): algorithm is SymmetricAlgorithm {
  return algorithm.startsWith('HS');
}

/** In bytes. RFC 7518 §3.2: an HMAC key must not be shorter than the hash. */
export const minSecretBytes: Readonly<Record<SymmetricAlgorithm, number>> = {
  HS256: 32,
  HS384: 48,
  HS512: 64,
};
