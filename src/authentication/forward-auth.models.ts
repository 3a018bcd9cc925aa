/**
 * A permission such as `reports:read`; or `fresh` (a token from a login rather than from a refresh), `fresh:300` (from a
 * login at most 300 seconds ago), `mfa` (of a login with a second factor), or `mfa:300` (proved at most 300 seconds ago).
 * @minLength 1
 * @maxLength 100
 * @pattern ^[A-Za-z0-9][A-Za-z0-9._:/-]*$ must begin with a letter or a digit, and have letters, digits and . _ : / - alone
 * @example "reports:read"
 */
export type ForwardAuthRequirement = string;

/** What a gateway requires of the request that it asks about. */
export interface ForwardAuthQuery {
  /**
   * What the access token must have, once for each: permissions, `fresh` and `mfa`, each of both also
   * with `:<seconds>`. Without it any valid token is enough.
   * @maxItems 20
   * @example ["reports:read"]
   */
  permission?: ForwardAuthRequirement[];
  /**
   * Whether a request without an access token is let through, too, with empty `X-Auth-*` headers. A token that is not valid is
   * refused all the same.
   * @default false
   */
  optional?: boolean;
}
