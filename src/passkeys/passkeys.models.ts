import type { Id } from '../http/api-types.js';
import type { RecoveryCode } from '../second-factors/second-factors.models.js';
import type { NewSessionTokens } from '../sessions/sessions.models.js';
import type { PasskeyUse } from './passkey-use.js';

/**
 * A name for people: visible characters, without white space at either end.
 * @minLength 1
 * @maxLength 100
 * @pattern ^[^\s\u0000-\u001f\u007f]([^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f])?$ must not have control characters, nor white space at either end
 * @example "Ada's phone"
 */
export type PasskeyName = string;

/**
 * Bytes as base64url without padding (RFC 4648 §5), as `PublicKeyCredential.toJSON()` writes them.
 * @minLength 1
 * @maxLength 20000
 * @pattern ^[A-Za-z0-9_-]+$ must be base64url without padding
 */
export type Base64Url = string;

/**
 * The id of a credential.
 * @minLength 1
 * @maxLength 1364
 * @pattern ^[A-Za-z0-9_-]+$ must be base64url without padding
 */
export type CredentialId = string;

/**
 * How a browser reaches an authenticator, such as `internal`, `hybrid` or `usb`.
 * @minLength 1
 * @maxLength 32
 * @pattern ^[a-z0-9-]+$ must be the name of a transport
 * @example "internal"
 */
export type PasskeyTransport = string;

/**
 * The kind of a credential: there is one.
 * @example "public-key"
 */
export type PublicKeyCredentialType = 'public-key';

/**
 * A passkey or security key.
 * @example { "id": "0199f3c2-7f00-7b12-9d3e-5a6b7c8d9e0f", "name": "Ada's phone", "use": "login", "synced": true, "backed_up": true, "transports": ["internal", "hybrid"], "aaguid": "00000000-0000-0000-0000-000000000000", "created_at": "2026-11-24T09:00:00.000Z", "last_used_at": "2026-11-24T09:30:00.000Z" }
 */
export interface Passkey {
  id: Id;
  name: PasskeyName;
  use: PasskeyUse;
  /** Whether its owner's devices may share it; otherwise it stays in the one that made it. */
  synced: boolean;
  /** Whether there was a copy of it, when it was last used. */
  backed_up: boolean;
  /**
   * How browsers reach it.
   * @maxItems 10
   */
  transports: PasskeyTransport[];
  /**
   * The model of the authenticator, as it says itself; often zeros.
   * @format uuid
   * @maxLength 36
   */
  aaguid: string;
  /**
   * When it was added.
   * @format date-time
   */
  created_at: string;
  /**
   * When it was last used; absent before the first time.
   * @format date-time
   */
  last_used_at?: string;
}

/**
 * A passkey that was just added.
 * @example { "id": "0199f3c2-7f00-7b12-9d3e-5a6b7c8d9e0f", "name": "Ada's phone", "use": "login", "synced": true, "backed_up": true, "transports": ["internal", "hybrid"], "aaguid": "00000000-0000-0000-0000-000000000000", "created_at": "2026-11-24T09:00:00.000Z", "recovery_codes": ["k7q2mf-x0d4st-9b3npa-w8r5ze"], "tokens": { "access_token": "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIwMTk5ZjNjMiJ9.c2lnbmF0dXJl", "token_type": "Bearer", "expires_in": 900, "refresh_token": "lk_rt_AUtleUlkT2ZUd2VsdmU", "refresh_expires_in": 2592000, "scope": "reports:read" } }
 */
export interface AddedPasskey extends Passkey, NewSessionTokens {
  /**
   * Where the passkey is the first second factor of the account: codes, each of which replaces it once; otherwise none. They are
   * shown only here.
   * @maxItems 10
   */
  recovery_codes: RecoveryCode[];
}

/**
 * The passkeys of an account, oldest first.
 * @example { "items": [{ "id": "0199f3c2-7f00-7b12-9d3e-5a6b7c8d9e0f", "name": "Ada's phone", "use": "login", "synced": true, "backed_up": true, "transports": ["internal", "hybrid"], "aaguid": "00000000-0000-0000-0000-000000000000", "created_at": "2026-11-24T09:00:00.000Z" }] }
 */
export interface PasskeyList {
  /**
   * All of them.
   * @maxItems 25
   */
  items: Passkey[];
}

/**
 * What the new passkey is for.
 * @example { "use": "login" }
 */
export interface PasskeyCreationOptionsRequest {
  /**
   * Default: `login`.
   * @default "login"
   */
  use?: PasskeyUse;
}

/** The service, as authenticators know it. */
export interface PasskeyRelyingParty {
  /**
   * The domain that the passkey works for.
   * @maxLength 253
   * @pattern ^[A-Za-z0-9.-]+$
   * @example "example.com"
   */
  id: string;
  /**
   * What browsers show.
   * @maxLength 253
   * @pattern ^[^\u0000-\u001f\u007f]*$
   * @example "example.com"
   */
  name: string;
}

/** The account, as authenticators keep it with the passkey. */
export interface PasskeyUser {
  id: Base64Url;
  /**
   * The name to log in with.
   * @maxLength 200
   * @pattern ^[^\u0000-\u001f\u007f]*$
   * @example "ada"
   */
  name: string;
  /**
   * What browsers show.
   * @maxLength 200
   * @pattern ^[^\u0000-\u001f\u007f]*$
   * @example "ada"
   */
  displayName: string;
}

/** A kind of key that is accepted. */
export interface PasskeyParameters {
  type: PublicKeyCredentialType;
  /**
   * A COSE algorithm (RFC 9053): -8 is EdDSA, -7 ES256, -257 RS256.
   * @isInt
   * @minimum -65535
   * @maximum 65535
   */
  alg: number;
}

/** A credential that there is. */
export interface PasskeyDescriptor {
  type: PublicKeyCredentialType;
  id: CredentialId;
  /**
   * How browsers reach it.
   * @maxItems 10
   */
  transports: PasskeyTransport[];
}

/** Whether the authenticator verifies who uses it, and keeps the passkey with the account. */
export interface PasskeyAuthenticatorSelection {
  residentKey: PasskeyRequirement;
  /** The same for browsers older than WebAuthn Level 2. */
  requireResidentKey: boolean;
  userVerification: PasskeyRequirement;
}

/** As WebAuthn names it. */
export type PasskeyRequirement = 'required' | 'preferred' | 'discouraged';

/** Nothing about the authenticator's maker is asked for. */
export type PasskeyAttestation = 'none';

/**
 * For `PublicKeyCredential.parseCreationOptionsFromJSON` (WebAuthn Level 3), whose result `navigator.credentials.create`
 * takes as `publicKey`.
 * @example { "challenge": "AMMPt4UxxGTStncdq417YDwBFi8vpIa-pw8oOuVW4TA", "rp": { "id": "example.com", "name": "example.com" }, "user": { "id": "AZnzwm0eekSMWy8dnnprEA", "name": "ada", "displayName": "ada" }, "pubKeyCredParams": [{ "type": "public-key", "alg": -8 }, { "type": "public-key", "alg": -7 }, { "type": "public-key", "alg": -257 }], "timeout": 300000, "excludeCredentials": [], "authenticatorSelection": { "residentKey": "required", "requireResidentKey": true, "userVerification": "required" }, "attestation": "none" }
 */
export interface PasskeyCreationOptions {
  /** To be signed. It works once, in this session. */
  challenge: Base64Url;
  rp: PasskeyRelyingParty;
  user: PasskeyUser;
  /**
   * The kinds of keys that are accepted, the preferred one first.
   * @maxItems 10
   */
  pubKeyCredParams: PasskeyParameters[];
  /**
   * Milliseconds until the challenge expires.
   * @isInt
   * @minimum 1
   * @maximum 3600000
   */
  timeout: number;
  /**
   * The passkeys that the account has: an authenticator makes no second one.
   * @maxItems 25
   */
  excludeCredentials: PasskeyDescriptor[];
  authenticatorSelection: PasskeyAuthenticatorSelection;
  attestation: PasskeyAttestation;
}

/** What the authenticator says of a new credential. Other members are ignored. */
export interface PasskeyAttestationResponse {
  clientDataJSON: Base64Url;
  attestationObject: Base64Url;
  /**
   * How browsers reach it.
   * @maxItems 10
   */
  transports?: PasskeyTransport[];
  [member: string]: unknown;
}

/** `toJSON()` of what `navigator.credentials.create` gave. Other members are ignored. */
export interface PasskeyRegistration {
  id: CredentialId;
  rawId: CredentialId;
  type: PublicKeyCredentialType;
  response: PasskeyAttestationResponse;
  [member: string]: unknown;
}

/**
 * A new passkey.
 * @example { "name": "Ada's phone", "credential": { "id": "-R85HbTJsv3g6nAYnLo_tj9Xm6YSKzOtlP8-wzAIS-Q", "rawId": "-R85HbTJsv3g6nAYnLo_tj9Xm6YSKzOtlP8-wzAIS-Q", "type": "public-key", "response": { "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIn0", "attestationObject": "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVikv6vDdDKViwYzYNOtZGHJxHNa", "transports": ["internal", "hybrid"] } } }
 */
export interface AddPasskeyRequest {
  /** Default: `Passkey` and a number. */
  name?: PasskeyName;
  credential: PasskeyRegistration;
}

/**
 * The passkey's new name.
 * @example { "name": "Ada's new phone" }
 */
export interface RenamePasskeyRequest {
  name: PasskeyName;
}

/**
 * Whose passkey is asked for. `{}`: any account's.
 * @example { "username": "ada" }
 */
export interface PasskeyLoginOptionsRequest {
  /**
   * Only a passkey of this account will do: a name, or a verified address. The response says nothing about whether there is
   * one.
   * @minLength 1
   * @maxLength 200
   * @pattern ^[^\u0000-\u001f\u007f]*$ must not have control characters
   */
  username?: string;
  login_token?: LoginToken;
}

/**
 * What the first step of a login has returned with `second_factor_required`: the passkey is the second one.
 * @minLength 1
 * @maxLength 128
 * @pattern ^[A-Za-z0-9_-]+$ must be what POST /login returned
 */
export type LoginToken = string;

/**
 * For `PublicKeyCredential.parseRequestOptionsFromJSON` (WebAuthn Level 3), whose result `navigator.credentials.get` takes as
 * `publicKey`.
 * @example { "challenge": "OcDnUhQXulTUPo3JUXT0I97pvzzYBP9tZchXyav01Ag", "rpId": "example.com", "timeout": 300000, "allowCredentials": [], "userVerification": "required" }
 */
export interface PasskeyRequestOptions {
  /** To be signed. It works once. */
  challenge: Base64Url;
  /**
   * The domain that the passkey is for.
   * @maxLength 253
   * @pattern ^[A-Za-z0-9.-]+$
   */
  rpId: string;
  /**
   * Milliseconds until the challenge expires.
   * @isInt
   * @minimum 1
   * @maximum 3600000
   */
  timeout: number;
  /**
   * With a `login_token`, the passkeys of its account; otherwise empty, and the browser offers those that it has.
   * @maxItems 25
   */
  allowCredentials: PasskeyDescriptor[];
  userVerification: PasskeyRequirement;
}

/** What the authenticator has signed. Other members are ignored. */
export interface PasskeyAssertionResponse {
  clientDataJSON: Base64Url;
  authenticatorData: Base64Url;
  signature: Base64Url;
  /** The account that the passkey was made for, as it is in the options of its creation. */
  userHandle?: Base64Url;
  [member: string]: unknown;
}

/** `toJSON()` of what `navigator.credentials.get` gave. Other members are ignored. */
export interface PasskeyAssertion {
  id: CredentialId;
  rawId: CredentialId;
  type: PublicKeyCredentialType;
  response: PasskeyAssertionResponse;
  [member: string]: unknown;
}

/**
 * A signature by a passkey.
 * @example { "credential": { "id": "-R85HbTJsv3g6nAYnLo_tj9Xm6YSKzOtlP8-wzAIS-Q", "rawId": "-R85HbTJsv3g6nAYnLo_tj9Xm6YSKzOtlP8-wzAIS-Q", "type": "public-key", "response": { "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0", "authenticatorData": "v6vDdDKViwYzYNOtZGHJxHNa5_jtRlkqXg8BRSsuS1kZAAAAAA", "signature": "MEYCIQD1Ck4uRAkknEqFO6NhKC8JhB303UVHoTqHeAIY3v_NOAIhAISArA8Lk1OBdPV1vxGh3V14xuSGAT-Tcpaey3Z_q0F4", "userHandle": "AZnzwm0eekSMWy8dnnprEA" } } }
 */
export interface PasskeyLoginRequest {
  credential: PasskeyAssertion;
  login_token?: LoginToken;
  /**
   * With a `login_token`: whether this browser is not to be asked for a second factor again: it gets a cookie. Only where
   * `LATCHKEY_REMEMBERED_DEVICES` is set.
   * @default false
   */
  remember_device?: boolean;
}
