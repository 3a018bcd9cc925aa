/**
 * A JSON Web Key Set (RFC 7517 §5): the public keys that verify access tokens.
 * @example { "keys": [{ "kty": "EC", "kid": "R3b5zq0hXcK2sGx9dUuYJ0d8k5v0y8Jc4m3l7o6n1pQ", "use": "sig", "alg": "ES256", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" }] }
 */
export interface JsonWebKeySet {
  /**
   * All keys whose tokens may still be valid, and the key that will sign next.
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
   * The `kid` of the tokens that the key verifies.
   * @maxLength 100
   * @pattern ^[\u0020-\u007e]*$
   */
  kid: string;
  /**
   * `sig`: the key verifies signatures.
   * @maxLength 16
   * @pattern ^[A-Za-z0-9-]+$
   */
  use: string;
  /**
   * The only algorithm that the key may be used with.
   * @maxLength 16
   * @pattern ^[A-Za-z0-9-]+$
   */
  alg: string;
  /**
   * The curve of an EC key.
   * @maxLength 16
   * @pattern ^[A-Za-z0-9-]+$
   */
  crv?: string;
  /**
   * The x coordinate of an EC key, base64url.
   * @maxLength 200
   * @pattern ^[A-Za-z0-9_-]*$
   */
  x?: string;
  /**
   * The y coordinate of an EC key, base64url.
   * @maxLength 200
   * @pattern ^[A-Za-z0-9_-]*$
   */
  y?: string;
  /**
   * The modulus of an RSA key, base64url.
   * @maxLength 2000
   * @pattern ^[A-Za-z0-9_-]*$
   */
  n?: string;
  /**
   * The public exponent of an RSA key, base64url.
   * @maxLength 16
   * @pattern ^[A-Za-z0-9_-]*$
   */
  e?: string;
}
