import type { ClientAuthMethod } from './client-auth-method.js';
import type { Cursor } from '../http/pagination.js';
import type { Id } from '../http/api-types.js';

/**
 * A service that gets access tokens for itself, or introspects those of others.
 * @example { "client_id": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10", "client_name": "Nightly export", "token_endpoint_auth_method": "client_secret_basic", "scope": "reports:read", "audiences": ["https://reports.example.com"], "introspection_audiences": [], "access_token_lifetime": 600, "disabled": false, "created_at": "2026-11-24T09:00:00.000Z", "updated_at": "2026-11-24T09:00:00.000Z" }
 */
export interface RegisteredClient {
  client_id: Id;
  /**
   * A name for people.
   * @maxLength 200
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  client_name: string;
  token_endpoint_auth_method: ClientAuthMethod;
  /** With `private_key_jwt`: the client's public keys. */
  jwks?: ClientKeySet;
  /**
   * What its tokens may permit, space-separated.
   * @maxLength 3000
   * @pattern ^([!#-\[\]-~]+(\u0020[!#-\[\]-~]+)*)?$
   */
  scope: string;
  /**
   * The audiences (`aud`) that its tokens may have; empty: the audiences of users' tokens.
   * @maxItems 10
   */
  audiences: Audience[];
  /**
   * The audiences that this client is, as a resource server: it may introspect tokens for them.
   * @maxItems 10
   */
  introspection_audiences: Audience[];
  /**
   * Lifetime of its access tokens in seconds; absent: that of users' tokens.
   * @isInt
   * @minimum 1
   * @maximum 86400
   */
  access_token_lifetime?: number;
  /** A disabled client can neither authenticate nor use a token. */
  disabled: boolean;
  /**
   * When the client was created.
   * @format date-time
   */
  created_at: string;
  /**
   * When the client was last changed.
   * @format date-time
   */
  updated_at: string;
}

/**
 * A client that was just created.
 * @example { "client_id": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10", "client_secret": "lk_cs_R3b5zq0hXcK2sGx9dUuYJ0d8k5v0y8Jc4m3l7o6n1pQ", "client_name": "Nightly export", "token_endpoint_auth_method": "client_secret_basic", "scope": "reports:read", "audiences": ["https://reports.example.com"], "introspection_audiences": [], "access_token_lifetime": 600, "disabled": false, "created_at": "2026-11-24T09:00:00.000Z", "updated_at": "2026-11-24T09:00:00.000Z" }
 */
export interface CreatedClient extends RegisteredClient {
  /**
   * Shown only here; absent with `private_key_jwt`.
   * @maxLength 100
   * @pattern ^lk_cs_[A-Za-z0-9_-]+$
   */
  client_secret?: string;
}

/**
 * The client's new secret, which is shown only here.
 * @example { "client_id": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10", "client_secret": "lk_cs_R3b5zq0hXcK2sGx9dUuYJ0d8k5v0y8Jc4m3l7o6n1pQ" }
 */
export interface ClientSecret {
  client_id: Id;
  /**
   * The new secret.
   * @maxLength 100
   * @pattern ^lk_cs_[A-Za-z0-9_-]+$
   */
  client_secret: string;
}

/**
 * A page of clients, oldest first.
 * @example { "items": [{ "client_id": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10", "client_name": "Nightly export", "token_endpoint_auth_method": "client_secret_basic", "scope": "reports:read", "audiences": [], "introspection_audiences": [], "disabled": false, "created_at": "2026-11-24T09:00:00.000Z", "updated_at": "2026-11-24T09:00:00.000Z" }], "next_cursor": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10" }
 */
export interface ClientPage {
  /**
   * The clients of this page.
   * @maxItems 200
   */
  items: RegisteredClient[];
  /** Send it as `cursor` for the next page; absent on the last one. */
  next_cursor?: Cursor;
}

/** Which clients to list. */
export interface ClientQuery {
  /**
   * The maximum number of clients in a page.
   * @isInt
   * @minimum 1
   * @maximum 200
   * @default 50
   */
  limit?: number;
  /** `next_cursor` of the previous page. Default: the first page. */
  cursor?: Cursor;
}

/**
 * A new client.
 * @example { "client_name": "Nightly export", "scope": "reports:read", "audiences": ["https://reports.example.com"], "access_token_lifetime": 600 }
 */
export interface CreateClientRequest {
  client_name: ClientName;
  /** Default: `client_secret_basic`. */
  token_endpoint_auth_method?: ClientAuthMethod;
  /** Required with `private_key_jwt`, and only allowed with it: the client's public keys. */
  jwks?: ClientKeySet;
  /** Default: nothing. */
  scope?: ClientScope;
  /**
   * The audiences (`aud`) that its tokens may have; the client chooses among them with `resource`. Default: the audiences
   * of users' tokens.
   * @maxItems 10
   */
  audiences?: Audience[];
  /**
   * The audiences that this client is, as a resource server: it may introspect tokens for them, as well as its own tokens
   * and tokens for its id. For others it needs the scope `tokens:introspect`. Default: none.
   * @maxItems 10
   */
  introspection_audiences?: Audience[];
  /**
   * Lifetime of its access tokens in seconds, one day at most. Default: that of users' tokens.
   * @isInt
   * @minimum 1
   * @maximum 86400
   */
  access_token_lifetime?: number;
}

/**
 * The fields to change. Fields that are left out stay as they are.
 * @example { "disabled": true }
 */
export interface UpdateClientRequest {
  client_name?: ClientName;
  /** Replaces the keys of a client with `private_key_jwt`. */
  jwks?: ClientKeySet;
  scope?: ClientScope;
  /**
   * Replaces the audiences.
   * @maxItems 10
   */
  audiences?: Audience[];
  /**
   * Replaces the audiences whose tokens it may introspect.
   * @maxItems 10
   */
  introspection_audiences?: Audience[];
  /**
   * Lifetime of new access tokens in seconds.
   * @isInt
   * @minimum 1
   * @maximum 86400
   */
  access_token_lifetime?: number;
  /** A disabled client can neither authenticate nor use a token. */
  disabled?: boolean;
}

/**
 * A name for people: visible characters, without a space at either end.
 * @minLength 1
 * @maxLength 200
 * @pattern ^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$ must not have control characters
 * @example "Nightly export"
 */
export type ClientName = string;

/**
 * Permissions, space-separated (RFC 6749 §3.3).
 * @maxLength 3000
 * @pattern ^([A-Za-z0-9][A-Za-z0-9._:/-]*(\u0020[A-Za-z0-9][A-Za-z0-9._:/-]*)*)?$ must be permissions with one space in between
 * @example "reports:read"
 */
export type ClientScope = string;

/**
 * An audience of access tokens, usually the URL of a service (RFC 8707 §2).
 * @minLength 1
 * @maxLength 200
 * @pattern ^[!-~]+$ must be printable ASCII without spaces
 * @example "https://reports.example.com"
 */
export type Audience = string;

/**
 * A JSON Web Key Set (RFC 7517 §5) with a client's public keys.
 * @example { "keys": [{ "kty": "EC", "kid": "1", "alg": "ES256", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" }] }
 */
export interface ClientKeySet {
  /**
   * The keys.
   * @minItems 1
   * @maxItems 20
   */
  keys: ClientKey[];
}

/** A public key of a client (RFC 7517 §4): RSA of 2048 bits or more, P-256, P-384 or P-521. Other members are ignored. */
export interface ClientKey {
  /**
   * Key type: `EC` or `RSA`.
   * @maxLength 16
   * @pattern ^[A-Za-z0-9-]+$ must be the name of a registered value
   */
  kty: string;
  /**
   * Names the key in the header of the client's assertions.
   * @maxLength 200
   * @pattern ^[\u0020-\u007e]*$ must be printable ASCII
   */
  kid?: string;
  /**
   * `sig` or absent.
   * @maxLength 16
   * @pattern ^[A-Za-z0-9-]+$ must be the name of a registered value
   */
  use?: string;
  /**
   * The algorithm of the key; absent: any that fits its type.
   * @maxLength 16
   * @pattern ^[A-Za-z0-9-]+$ must be the name of a registered value
   */
  alg?: string;
  /**
   * Of an EC key: the curve.
   * @maxLength 16
   * @pattern ^[A-Za-z0-9-]+$ must be the name of a registered value
   */
  crv?: string;
  /**
   * Of an EC key: the x coordinate, base64url.
   * @maxLength 200
   * @pattern ^[A-Za-z0-9_-]*$ must be base64url
   */
  x?: string;
  /**
   * Of an EC key: the y coordinate, base64url.
   * @maxLength 200
   * @pattern ^[A-Za-z0-9_-]*$ must be base64url
   */
  y?: string;
  /**
   * Of an RSA key: the modulus, base64url.
   * @maxLength 2000
   * @pattern ^[A-Za-z0-9_-]*$ must be base64url
   */
  n?: string;
  /**
   * Of an RSA key: the public exponent, base64url.
   * @maxLength 16
   * @pattern ^[A-Za-z0-9_-]*$ must be base64url
   */
  e?: string;
  [member: string]: unknown;
}
