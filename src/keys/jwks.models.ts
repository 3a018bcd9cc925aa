/**
 * A JSON Web Key Set (RFC 7517 §5): the public keys that verify access tokens.
 * @example { "keys": [{ "kty": "EC", "kid": "R3b5zq0hXcK2sGx9dUuYJ0d8k5v0y8Jc4m3l7o6n1pQ", "use": "sig", "alg": "ES256", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" }] }
 */
export interface JsonWebKeySet {
  /**
   * All keys whose tokens may still be valid, and the one that signs next.
   * @maxItems 1000
   */
  keys: JsonWebKey[];
}

/** A public key (RFC 7517 §4). */
export interface JsonWebKey {
  /**
   * Key type: `EC` or `RSA`.
   * @maxLength 16
   * @pattern ^[A-Za-z0-9-]+$
   */
  kty: string;
  /**
   * The `kid` of the tokens that it verifies.
   * @maxLength 100
   * @pattern ^[\u0020-\u007e]*$
   */
  kid: string;
  /**
   * `sig`: it verifies signatures.
   * @maxLength 16
   * @pattern ^[A-Za-z0-9-]+$
   */
  use: string;
  /**
   * The one algorithm that it is for.
   * @maxLength 16
   * @pattern ^[A-Za-z0-9-]+$
   */
  alg: string;
  /**
   * Of an EC key: the curve.
   * @maxLength 16
   * @pattern ^[A-Za-z0-9-]+$
   */
  crv?: string;
  /**
   * Of an EC key: the x coordinate, base64url.
   * @maxLength 200
   * @pattern ^[A-Za-z0-9_-]*$
   */
  x?: string;
  /**
   * Of an EC key: the y coordinate, base64url.
   * @maxLength 200
   * @pattern ^[A-Za-z0-9_-]*$
   */
  y?: string;
  /**
   * Of an RSA key: the modulus, base64url.
   * @maxLength 2000
   * @pattern ^[A-Za-z0-9_-]*$
   */
  n?: string;
  /**
   * Of an RSA key: the public exponent, base64url.
   * @maxLength 16
   * @pattern ^[A-Za-z0-9_-]*$
   */
  e?: string;
}
