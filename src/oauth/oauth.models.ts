import type { OAuthErrorCode } from '../problems/oauth-problem.js';
import type { AuthenticationMethodName } from '../sessions/sessions.models.js';
import type { Audience } from '../clients/clients.models.js';
import type { TokenType } from '../sessions/sessions.models.js';

/** An error of an OAuth endpoint (RFC 6749 §5.2). */
export interface OAuthError {
  error: OAuthErrorCode;
  /**
   * What went wrong, and what to do about it.
   * @maxLength 4000
   * @pattern ^[\u0020-!#-\[\]-~]*$
   */
  error_description: string;
}

/** Client authentication in the form; the alternative is HTTP Basic. */
export interface ClientParameters {
  /**
   * The client's id. `latchkey` is the public client of users' tokens, and has no secret.
   * @maxLength 512
   */
  client_id?: string;
  /**
   * With `client_secret_post`.
   * @format password
   * @maxLength 512
   */
  client_secret?: string;
  /**
   * With `private_key_jwt`: `urn:ietf:params:oauth:client-assertion-type:jwt-bearer` (RFC 7523 §2.2).
   * @maxLength 512
   */
  client_assertion_type?: string;
  /**
   * With `private_key_jwt`: a JWT signed with one of the client's keys. `iss` and `sub` are the client's id, `aud` is the
   * issuer alone, unless the service is configured to accept older forms; `typ` is `client-authentication+jwt`, `JWT` or
   * absent; `jti` is unique, and `exp` is one hour ahead at most.
   * @maxLength 65536
   */
  client_assertion?: string;
  [parameter: string]: unknown;
}

/**
 * A grant to exchange for tokens.
 * @example { "grant_type": "client_credentials", "scope": "reports:read" }
 */
export interface TokenRequest extends ClientParameters {
  /**
   * `refresh_token` or `client_credentials`.
   * @minLength 1
   * @maxLength 512
   */
  grant_type: string;
  /**
   * With `refresh_token`.
   * @maxLength 65536
   */
  refresh_token?: string;
  /**
   * The permissions of the access token, space-separated. Default: all that the user or the client has.
   * @maxLength 65536
   */
  scope?: string;
  /**
   * The audiences of the access token (RFC 8707); may be repeated. Default: all that are allowed.
   * @maxItems 1000
   */
  resource?: Resource[];
  /** Parameters that are not known are ignored (RFC 6749 §3.2). */
  [parameter: string]: unknown;
}

/**
 * Tokens, as in RFC 6749 §5.1.
 * @example { "access_token": "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIwMTk5ZjNjMiJ9.c2lnbmF0dXJl", "token_type": "Bearer", "expires_in": 600, "scope": "reports:read" }
 */
export interface TokenResponse {
  /**
   * A JWT (RFC 9068): send it as `Authorization: Bearer <access_token>`.
   * @maxLength 8192
   * @pattern ^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$
   */
  access_token: string;
  token_type: TokenType;
  /**
   * Seconds until the access token expires.
   * @isInt
   * @minimum 0
   * @maximum 86400
   */
  expires_in: number;
  /**
   * The next refresh token; absent with `client_credentials`.
   * @maxLength 512
   * @pattern ^lk_rt_[A-Za-z0-9_-]+$
   */
  refresh_token?: string;
  /**
   * Seconds until the refresh token expires.
   * @isInt
   * @minimum 0
   * @maximum 34560000
   */
  refresh_expires_in?: number;
  /**
   * What the access token permits, space-separated.
   * @maxLength 8192
   * @pattern ^([!#-\[\]-~]+(\u0020[!#-\[\]-~]+)*)?$
   */
  scope: string;
}

/**
 * The token to introspect or revoke.
 * @example { "token": "lk_rt_AUtleUlkT2ZUd2VsdmU", "token_type_hint": "refresh_token" }
 */
export interface TokenParameters extends ClientParameters {
  /**
   * An access token or a refresh token.
   * @minLength 1
   * @maxLength 65536
   */
  token: string;
  /**
   * `access_token` or `refresh_token`; optional.
   * @maxLength 512
   */
  token_type_hint?: string;
  /** Parameters that are not known are ignored (RFC 6749 §3.2). */
  [parameter: string]: unknown;
}

/**
 * The state and claims of a token (RFC 7662 §2.2). Without claims where it is not active.
 * @example { "active": true, "token_use": "access_token", "token_type": "Bearer", "scope": "reports:read", "client_id": "latchkey", "username": "ada", "sub": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10", "aud": ["http://127.0.0.1:3000"], "iss": "http://127.0.0.1:3000", "exp": 1795511700, "iat": 1795510800, "nbf": 1795510800, "jti": "0199f3c2-8a00-7c31-8d4e-6b7c8d9e0f10", "sid": "0199f3c2-7f00-7b12-9d3e-5a6b7c8d9e0f" }
 */
export interface Introspection {
  /**
   * Whether this service issued the token, or accepts it from an earlier application (`JWT_DECODE_LEGACY`), it is neither expired
   * nor revoked, and the client may introspect it.
   */
  active: boolean;
  /** A resource server must accept `access_token` only. */
  token_use?: TokenUse;
  /** Of an access token. */
  token_type?: TokenType;
  /**
   * Permissions, space-separated.
   * @maxLength 8192
   * @pattern ^([!#-\[\]-~]+(\u0020[!#-\[\]-~]+)*)?$
   */
  scope?: string;
  /**
   * The client that the token was issued to; `latchkey` for users' tokens.
   * @maxLength 100
   * @pattern ^[\u0020-\u007e]*$
   */
  client_id?: string;
  /**
   * The user's name; absent for a client's token.
   * @maxLength 200
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  username?: string;
  /**
   * The user's id, or the client's.
   * @maxLength 100
   * @pattern ^[\u0020-\u007e]*$
   */
  sub?: string;
  /**
   * The audiences of an access token: always an array.
   * @maxItems 10
   */
  aud?: Audience[];
  /**
   * Who issued the token: this service.
   * @maxLength 2048
   * @format uri
   */
  iss?: string;
  /**
   * When the token expires, in seconds since the Unix epoch.
   * @isLong
   * @minimum 0
   * @maximum 253402300799
   */
  exp?: number;
  /**
   * When it was issued, in seconds since the Unix epoch.
   * @isLong
   * @minimum 0
   * @maximum 253402300799
   */
  iat?: number;
  /**
   * When it becomes valid, in seconds since the Unix epoch.
   * @isLong
   * @minimum 0
   * @maximum 253402300799
   */
  nbf?: number;
  /**
   * The access token's id.
   * @maxLength 100
   * @pattern ^[\u0020-\u007e]*$
   */
  jti?: string;
  /**
   * When the user last entered the password, in seconds since the Unix epoch (RFC 9470 §6.2).
   * @isLong
   * @minimum 0
   * @maximum 253402300799
   */
  auth_time?: number;
  /**
   * `aal2` after a login with a second factor, otherwise `aal1` (RFC 9470 §6.2).
   * @maxLength 20
   * @pattern ^[a-z0-9]+$
   */
  acr?: string;
  /**
   * How the user logged in (RFC 8176).
   * @maxItems 10
   */
  amr?: AuthenticationMethodName[];
  /**
   * The user's session.
   * @maxLength 100
   * @pattern ^[\u0020-\u007e]*$
   */
  sid?: string;
}

/** The kind of a token. */
export type TokenUse = 'access_token' | 'refresh_token';

/**
 * Authorization server metadata (RFC 8414 §2).
 * @example { "issuer": "http://127.0.0.1:3000", "token_endpoint": "http://127.0.0.1:3000/oauth/token", "introspection_endpoint": "http://127.0.0.1:3000/oauth/introspect", "revocation_endpoint": "http://127.0.0.1:3000/oauth/revoke", "jwks_uri": "http://127.0.0.1:3000/.well-known/jwks.json", "response_types_supported": [], "grant_types_supported": ["refresh_token", "client_credentials"], "scopes_supported": ["reports:read"], "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"], "token_endpoint_auth_signing_alg_values_supported": ["ES256"], "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"], "introspection_endpoint_auth_signing_alg_values_supported": ["ES256"], "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"], "revocation_endpoint_auth_signing_alg_values_supported": ["ES256"] }
 */
export interface AuthorizationServerMetadata {
  /**
   * The issuer (`iss`) of tokens.
   * @maxLength 2048
   * @format uri
   */
  issuer: string;
  /**
   * The token endpoint.
   * @maxLength 2048
   * @format uri
   */
  token_endpoint: string;
  /**
   * The introspection endpoint.
   * @maxLength 2048
   * @format uri
   */
  introspection_endpoint: string;
  /**
   * The revocation endpoint.
   * @maxLength 2048
   * @format uri
   */
  revocation_endpoint: string;
  /**
   * The public keys that verify access tokens (JWKS).
   * @maxLength 2048
   * @format uri
   */
  jwks_uri: string;
  /**
   * Empty: there is no authorization endpoint.
   * @maxItems 0
   */
  response_types_supported: MetadataValue[];
  /**
   * The grant types of the token endpoint.
   * @maxItems 10
   */
  grant_types_supported: MetadataValue[];
  /**
   * The permissions that operations require.
   * @maxItems 10000
   */
  scopes_supported: MetadataValue[];
  /**
   * How clients may authenticate at the token endpoint.
   * @maxItems 10
   */
  token_endpoint_auth_methods_supported: MetadataValue[];
  /**
   * How clients may sign their assertions for the token endpoint.
   * @maxItems 20
   */
  token_endpoint_auth_signing_alg_values_supported: MetadataValue[];
  /**
   * How clients may authenticate at the introspection endpoint.
   * @maxItems 10
   */
  introspection_endpoint_auth_methods_supported: MetadataValue[];
  /**
   * How clients may sign their assertions for the introspection endpoint.
   * @maxItems 20
   */
  introspection_endpoint_auth_signing_alg_values_supported: MetadataValue[];
  /**
   * How clients may authenticate at the revocation endpoint.
   * @maxItems 10
   */
  revocation_endpoint_auth_methods_supported: MetadataValue[];
  /**
   * How clients may sign their assertions for the revocation endpoint.
   * @maxItems 20
   */
  revocation_endpoint_auth_signing_alg_values_supported: MetadataValue[];
}

/**
 * The metadata with what OpenID Connect Discovery 1.0 §3 requires beside it.
 * @example { "issuer": "http://127.0.0.1:3000", "token_endpoint": "http://127.0.0.1:3000/oauth/token", "introspection_endpoint": "http://127.0.0.1:3000/oauth/introspect", "revocation_endpoint": "http://127.0.0.1:3000/oauth/revoke", "jwks_uri": "http://127.0.0.1:3000/.well-known/jwks.json", "response_types_supported": [], "grant_types_supported": ["refresh_token", "client_credentials"], "scopes_supported": ["reports:read"], "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"], "token_endpoint_auth_signing_alg_values_supported": ["ES256"], "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"], "introspection_endpoint_auth_signing_alg_values_supported": ["ES256"], "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"], "revocation_endpoint_auth_signing_alg_values_supported": ["ES256"], "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["ES256"] }
 */
export interface OpenIdConfiguration extends AuthorizationServerMetadata {
  /**
   * A user has the same `sub` for every client.
   * @maxItems 10
   */
  subject_types_supported: MetadataValue[];
  /**
   * The algorithms of the published keys, with which access tokens are signed: libraries take them from here. There are no
   * ID tokens.
   * @maxItems 20
   */
  id_token_signing_alg_values_supported: MetadataValue[];
}

/**
 * A registered value, such as the name of a grant or an algorithm.
 * @minLength 1
 * @maxLength 100
 * @pattern ^[!-~]+$
 * @example "client_credentials"
 */
export type MetadataValue = string;

/**
 * An audience of the access token: a URI (RFC 8707 §2).
 * @maxLength 65536
 * @example "https://reports.example.com"
 */
export type Resource = string;
