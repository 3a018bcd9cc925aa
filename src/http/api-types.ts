/**
 * A UUID.
 * @format uuid
 * @pattern ^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$ must be a UUID
 * @maxLength 36
 * @example "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10"
 */
export type Id = string;

/**
 * A role's name.
 * @minLength 1
 * @maxLength 100
 * @pattern ^[A-Za-z0-9][A-Za-z0-9._-]*$ must begin with a letter or a digit, and have letters, digits and . _ - alone
 * @example "auditor"
 */
export type RoleName = string;

/**
 * A permission that operations require, such as `reports:read`.
 * @minLength 1
 * @maxLength 100
 * @pattern ^[A-Za-z0-9][A-Za-z0-9._:/-]*$ must begin with a letter or a digit, and have letters, digits and . _ : / - alone
 * @example "reports:read"
 */
export type Permission = string;

/**
 * A time by RFC 3339.
 * @format date-time
 * @pattern ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$ must be a time such as 2026-11-24T09:00:00Z
 * @maxLength 40
 */
export type Timestamp = string;

/** A kind of second factor that an account has: an authenticator app (RFC 6238), or passkeys and security keys. */
export type SecondFactorKind = 'totp' | 'passkey';
