/**
 * A JSON Web Key Set (RFC 7517 §5): the public keys that verify access tokens.
 * @example { "keys": [{ "kty": "EC", "kid": "R3b5zq0hXcK2sGx9dUuYJ0d8k5v0y8Jc4m3l7o6n1pQ", "use": "sig", "alg": "ES256", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" }] }
 */
export interface JsonWebKeySet {
  /** @maxItems 1000 */
  keys: JsonWebKey[];
}

/** A public key (RFC 7517 §4). */
export interface JsonWebKey {
  /**
   * Key type: `EC` or `RSA`.
   * @maxLength 16
   */
  kty: string;
  /**
   * The `kid` of the tokens that it verifies.
   * @maxLength 100
   */
  kid: string;
  /**
   * `sig`: it verifies signatures.
   * @maxLength 16
   */
  use: string;
  /**
   * The one algorithm that it is for.
   * @maxLength 16
   */
  alg: string;
  /** @maxLength 16 */
  crv?: string;
  /** @maxLength 200 */
  x?: string;
  /** @maxLength 200 */
  y?: string;
  /** @maxLength 2000 */
  n?: string;
  /** @maxLength 16 */
  e?: string;
}
