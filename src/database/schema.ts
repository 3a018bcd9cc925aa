/**
 * The tables, as the stores see them. Times are milliseconds since the Unix epoch, ids are UUIDv7 in
 * their text form, flags are 0 or 1: one shape that SQLite and PostgreSQL both hold exactly.
 */
export interface Schema {
  users: UserRow;
  roles: RoleRow;
  user_roles: UserRoleRow;
  sessions: SessionRow;
  revocations: RevocationRow;
  keys: KeyRow;
  login_attempts: LoginAttemptRow;
  audit: AuditRow;
  clients: ClientRow;
  used_assertions: UsedAssertionRow;
  counters: CounterRow;
}

export interface UserRow {
  id: string;
  /** As the user writes it. */
  username: string;
  /** As it is compared: unique. */
  username_key: string;
  /** Of names that look alike the same: unique; null where the name may look like another. See `skeletonKey`. */
  username_skeleton: string | null;
  /** argon2id in PHC form. */
  password_hash: string;
  /** 1: chosen by us, not by the user, who must replace it. */
  password_one_time: number;
  /** Until when a one-time password is good for a login; 0 once it was; null where it is none. */
  one_time_expires_at: number | null;
  /** Raised by whatever makes the user's older access tokens void; each token carries the version it was made at. */
  version: number;
  /** Raised by whatever ends the user's sessions: those of a lower epoch are over. */
  session_epoch: number;
  /** The epoch that the access tokens of the sessions before it are still being revoked for, one session after the other. */
  ending_epoch: number | null;
  /** When the user was deleted; the row is there until the last of the user's sessions is gone. */
  deleted_at: number | null;
  disabled_at: number | null;
  last_login_at: number | null;
  created_at: number;
  updated_at: number;
}

interface RoleRow {
  name: string;
  description: string;
  /** Space-separated, sorted, as `scope` in RFC 6749 §3.3. */
  permissions: string;
  built_in: number;
  /** When the role was deleted; the row is there until it has been taken from the last of its holders. */
  deleted_at: number | null;
  created_at: number;
  updated_at: number;
}

interface UserRoleRow {
  user_id: string;
  role_name: string;
}

interface SessionRow {
  id: string;
  user_id: string;
  /** Its user's `session_epoch` when it began, or when it was kept while the others ended. */
  epoch: number;
  created_at: number;
  /** When the user last proved the password. */
  authenticated_at: number;
  last_used_at: number;
  /** When its refresh token expires. */
  expires_at: number;
  /** The greatest expiry of the access tokens that were issued in it: a revocation must outlive them. */
  access_expires_at: number;
  /** The generation of the one refresh token that is current. */
  generation: number;
  /** The generation that the last proof of the password began: the tokens before it have no grace. */
  proved_generation: number;
  /** The key that the current generation's refresh token was made with. */
  refresh_key_id: string;
  /** When the current generation replaced the one before. */
  rotated_at: number;
  revoked_at: number | null;
  /** Where the login came from. */
  address: string;
  /** What counts as the same place: the address, or the /64 of an IPv6 address. */
  network: string;
  user_agent: string;
}

export interface ClientRow {
  /** The OAuth `client_id`. */
  id: string;
  name: string;
  /** SHA-256, base64url; null for a client that authenticates with its own key. */
  secret_hash: string | null;
  /** The client's public keys, a JWK Set as JSON; null for a client with a secret. */
  jwks: string | null;
  /** As RFC 7591 names it. */
  auth_method: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';
  /** What its tokens may permit: space-separated, sorted. */
  scopes: string;
  /** Whom its tokens may be for: space-separated, sorted; none: whom users' tokens are for. */
  audiences: string;
  /** Those that the client is itself, whose tokens it may introspect: space-separated, sorted. */
  introspection_audiences: string;
  /** Seconds; null: as the settings say. */
  access_token_lifetime: number | null;
  /** Raised by whatever makes the client's older access tokens void, as a user's. */
  version: number;
  disabled_at: number | null;
  created_at: number;
  updated_at: number;
}

/** An assertion that a client has authenticated with: none is good for a second time. */
interface UsedAssertionRow {
  client_id: string;
  /** SHA-256 of the assertion's `jti`, base64url: a client may choose any text. */
  jti: string;
  /** When the assertion is dead by itself. */
  expires_at: number;
}

/** What `revocations.target` names. */
export type RevocationKind = 'session' | 'token' | 'subject' | 'role';

export interface RevocationRow {
  kind: RevocationKind;
  /** A session's id, a token's `jti`, the id of a user or a client, the name of a role, or `*`: every user. */
  target: string;
  /** With `subject` and `role`: tokens of an older version are void. */
  version: number | null;
  /** When the last token that it concerns has expired. */
  expires_at: number;
  created_at: number;
}

export interface KeyRow {
  id: string;
  purpose: 'access' | 'refresh';
  /** As JWA names it (RFC 7518). */
  algorithm: string;
  /** A JWK; null for a symmetric key. */
  public_key: string | null;
  /** The private or secret half, encrypted; see `key-sealing.ts`. */
  sealed_key: string;
  created_at: number;
  /** From when it signs. */
  active_at: number;
  /** Until when what it signed is accepted; null: no end is set. */
  retired_at: number | null;
}

interface LoginAttemptRow {
  key: string;
  failures: number;
  blocked_until: number;
  /** When the failures are forgotten. */
  expires_at: number;
  /** Attempts that are being made, and may turn out to fail. */
  pending: number;
  /** When those are given up: their process has ended without a verdict. */
  pending_until: number;
}

/** A count that only rises; it begins at 0, without a row. */
interface CounterRow {
  /**
   * `roles`: raised by whatever voids the tokens of all holders of a role, or of all users. `rights`: by whatever changes
   * what a role permits, or who has it.
   */
  name: 'roles' | 'rights';
  value: number;
}

interface AuditRow {
  id: string;
  at: number;
  event: string;
  /** Who did it: the id of a user or a client, or null for the service and its operator. */
  actor_id: string | null;
  /** Whom or what it was done to. */
  target: string | null;
  session_id: string | null;
  address: string | null;
  request_id: string | null;
}
