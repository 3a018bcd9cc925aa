/**
 * The tables, as the stores see them. Times are milliseconds since the Unix epoch, ids are UUIDv7 as text, flags are 0 or 1:
 * types that SQLite and PostgreSQL both store exactly.
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
  latchkey_audit_seals: AuditSealRow;
  latchkey_audit_head: AuditHeadRow;
  latchkey_audit_outputs: AuditOutputRow;
  clients: ClientRow;
  used_assertions: UsedAssertionRow;
  counters: CounterRow;
  latchkey_foreign_ids: ForeignIdRow;
  latchkey_deleted_foreign_ids: DeletedForeignIdRow;
  latchkey_exchanged_tokens: ExchangedTokenRow;
  latchkey_outbox: OutboxRow;
  latchkey_leases: LeaseRow;
  latchkey_data_keys: DataKeyRow;
  latchkey_account_tokens: AccountTokenRow;
  latchkey_safety_links: SafetyLinkRow;
  latchkey_login_places: LoginPlaceRow;
  latchkey_login_challenges: LoginChallengeRow;
  latchkey_totp: TotpRow;
  latchkey_recovery_codes: RecoveryCodeRow;
  latchkey_devices: DeviceRow;
  latchkey_invitations: InvitationRow;
  latchkey_registrations: RegistrationRow;
  latchkey_passkeys: PasskeyRow;
  latchkey_passkey_challenges: PasskeyChallengeRow;
}

export interface UserRow {
  id: string;
  /** As the user entered it. */
  username: string;
  /** The form for comparison, unique; see `toUsernameKey`. */
  username_key: string;
  /** The same for names that look alike, unique; null if the name may look like another. See `computeSkeletonKey`. */
  username_skeleton: string | null;
  /** argon2id in PHC form; empty: the user has no password; an imported user's is described in `stored-hash.ts`. */
  password_hash: string;
  /** 1: the password was set by the service or an administrator, and the user must change it. */
  password_one_time: number;
  /** When a one-time password expires; 0 once it was used; null if the password is not a one-time password. */
  one_time_expires_at: number | null;
  /** Incremented to revoke the user's access tokens; each token carries the version at which it was issued. */
  version: number;
  /** Incremented to end the user's sessions: sessions of a lower epoch have ended. */
  session_epoch: number;
  /** The epoch before which the sessions' access tokens are still being revoked, in batches; null when done. */
  ending_epoch: number | null;
  /** When the user was deleted; the row remains until the user's sessions are deleted. */
  deleted_at: number | null;
  /** With its domain in lower case and ASCII; null: the account has no address. */
  email: string | null;
  /** The form for comparison, unique; see `parseEmailAddress`. */
  email_key: string | null;
  /** When the user proved to have it, or an administrator said so; null: not. */
  email_verified_at: number | null;
  display_name: string | null;
  /** Of messages, as BCP 47 names it; null: not chosen. */
  language: string | null;
  disabled_at: number | null;
  last_login_at: number | null;
  /** The kinds of second factors that the user has, as bits: see `secondFactorBits`. 0: none. */
  second_factors: number;
  created_at: number;
  updated_at: number;
}

interface RoleRow {
  name: string;
  description: string;
  /** Space-separated, sorted, as `scope` in RFC 6749 §3.3. */
  permissions: string;
  built_in: number;
  /** When the role was deleted; the row remains until it is removed from all users. */
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
  /** The user's `session_epoch` when the session began, or when it was kept while the others ended. */
  epoch: number;
  created_at: number;
  /** When the user last entered the password. */
  authenticated_at: number;
  last_used_at: number;
  /** When its refresh token expires. */
  expires_at: number;
  /** The latest expiry of the access tokens issued in the session: a revocation must outlive them. */
  access_expires_at: number;
  /** The generation of the current refresh token. */
  generation: number;
  /** The generation at the last password entry: tokens of earlier generations have no grace period. */
  proved_generation: number;
  /** The id of the key of the current refresh token. */
  refresh_key_id: string;
  /** When the current generation began. */
  rotated_at: number;
  revoked_at: number | null;
  /** Where the login came from. */
  address: string;
  /** The network that logins are counted by: the address, or the /64 of an IPv6 address. */
  network: string;
  user_agent: string;
  /** How the user logged in: space-separated values of RFC 8176. */
  amr: string;
  /** When the user last proved a second factor in this session; null: not in this session. */
  second_factor_at: number | null;
  /** The remembered device that the user logged in from, which is not asked for a second factor. */
  device_id: string | null;
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
  /** The scopes it may request: space-separated, sorted. */
  scopes: string;
  /** Audiences it may request: space-separated, sorted; empty: the default audience. */
  audiences: string;
  /** Audiences whose tokens the client may introspect: space-separated, sorted. */
  introspection_audiences: string;
  /** Seconds; null: the default of the settings. */
  access_token_lifetime: number | null;
  /** Incremented to revoke the client's access tokens. */
  version: number;
  disabled_at: number | null;
  created_at: number;
  updated_at: number;
}

/** An assertion that a client has used to authenticate; each is accepted once (RFC 7523 §3). */
interface UsedAssertionRow {
  client_id: string;
  /** SHA-256 of the assertion's `jti`, base64url: a client may choose any text. */
  jti: string;
  /** When the assertion has expired. */
  expires_at: number;
}

/** What `revocations.target` identifies. */
export type RevocationKind = 'session' | 'token' | 'subject' | 'role';

export interface RevocationRow {
  kind: RevocationKind;
  /** A session's id, a token's `jti`, the id of a user or a client, the name of a role, or `*`: every user. */
  target: string;
  /** For `subject` and `role`: tokens of a lower version are revoked. */
  version: number | null;
  /** When the last token it affects has expired. */
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
  /** When it begins to sign. */
  active_at: number;
  /** When its tokens stop being accepted; null: not set. */
  retired_at: number | null;
}

interface LoginAttemptRow {
  key: string;
  failures: number;
  blocked_until: number;
  /** When the failures are forgotten. */
  expires_at: number;
  /** Attempts in progress. */
  pending: number;
  /** When attempts in progress are discarded, because their process ended without a result. */
  pending_until: number;
}

/** A counter that only increases; without a row it is 0. */
interface CounterRow {
  /**
   * `roles`: incremented to revoke the tokens of all holders of a role, or of all users. `rights`: incremented when a
   * role's permissions or its holders change. `ended_at`: when all sessions were last ended, in milliseconds since the Unix
   * epoch.
   */
  name: 'roles' | 'rights' | 'ended_at';
  value: number;
}

export interface AuditRow {
  /** In the order of `at`. */
  id: string;
  /** When it happened; of several that are counted, the first. */
  at: number;
  /** One of `auditEvents`. */
  event: string;
  /** Null where nobody is known to have acted, and in rows older than migration 0013. */
  actor_kind: 'user' | 'client' | 'operator' | 'service' | null;
  /** The id of the user or client that acted. */
  actor_id: string | null;
  /** Its name then; of an operator, the system user's. */
  actor_name: string | null;
  target_kind: string | null;
  /** What was changed: the id of a user, a client or a key, the name of a role. */
  target: string | null;
  /** Its name then. */
  target_name: string | null;
  /** The session that it happened to, otherwise the one that the actor acted in. */
  session_id: string | null;
  address: string | null;
  user_agent: string | null;
  request_id: string | null;
  /** What changed, as JSON. */
  details: string | null;
  /** How many the row stands for. */
  count: number;
  /** When the last of them happened; null where it is one. */
  last_at: number | null;
  /** Its place in the chain, from 1, without gaps; null until it is chained. */
  sequence: number | null;
  /** See `audit-hash.ts`; null until it is chained. */
  hash: string | null;
}

/** A signed statement of what the chain was. */
interface AuditSeal {
  /** The day (UTC) that it is of, as in 2026-11-29. */
  day: string;
  /** When it was signed. */
  at: number;
  /** The last chained row, and its hash. */
  sequence: number;
  hash: string;
  /** The row that the chain begins after: 0, or the last one that the retention has deleted. */
  base_sequence: number;
  base_hash: string;
  /** The key on the ring that signed it. */
  key_id: string;
  algorithm: string;
  /** A JWK, kept for when the key has left the ring; null for a symmetric key. */
  public_key: string | null;
  /** Base64url. */
  signature: string;
}

/** How the chain stood at the end of a day. */
export type AuditSealRow = AuditSeal;

/** How the chain stands now: one row, signed again at each step. */
export interface AuditHeadRow extends AuditSeal {
  name: 'head';
}

/** A user of another application, by the id there. */
export interface ForeignIdRow {
  /** The name of the application, as the import was given it. */
  source: string;
  foreign_id: string;
  user_id: string;
  /** As it was there; nothing is sent to it. */
  email: string | null;
  /** 1: the other application had verified it. */
  email_verified: number;
  imported_at: number;
}

/** A user of another application who was imported, and deleted here. */
interface DeletedForeignIdRow {
  source: string;
  foreign_id: string;
  deleted_at: number;
}

/** A refresh token of another application that was exchanged or revoked here. */
interface ExchangedTokenRow {
  jti: string;
  /** The session that it was exchanged for; null: it was revoked before. */
  session_id: string | null;
  exchanged_at: number;
  /** When the token has expired. */
  expires_at: number;
}

/** A receiver of the audit. */
interface AuditOutputRow {
  name: 'webhook' | 'syslog';
  /** The last row of the chain that it has. */
  sequence: number;
  /** The process that sends to it, until `free_at`. */
  holder: string | null;
  /** When a process may send next: after the time that the holder has, or after the wait that follows a failure. */
  free_at: number;
  /** Failures since the last success. */
  failures: number;
}

/** A message that waits to be sent, or was sent a short time ago. */
export interface OutboxRow {
  id: string;
  /** Unique where there is one: what is enqueued twice under a key is one message. */
  key: string | null;
  template: string;
  /** As BCP 47 names it. */
  language: string;
  /** Empty: nobody gets it, and it is there to take the time that a message takes. */
  address: string;
  user_id: string | null;
  /** JSON, encrypted: links in messages let their readers in. Null once nothing is sent any more. */
  sealed_variables: string | null;
  /** `given_up`: it was refused for good, or it expired. */
  state: 'waiting' | 'sent' | 'given_up';
  /** Attempts of which the server has refused the message for now. */
  attempts: number;
  last_error: string | null;
  created_at: number;
  /** When it is to be sent next. */
  due_at: number;
  /** When it is of no use any more. */
  expires_at: number;
  /** When it was sent, or given up. */
  done_at: number | null;
}

/** A token that a message takes to a user. */
export interface AccountTokenRow {
  /** SHA-256 of the token, of a login link with the `request_token` of the browser that has asked for it; base64url. */
  token_hash: string;
  purpose: 'password_reset' | 'email_verification' | 'email_change' | 'login_link';
  /** Of an id that no user has, it is there to take the time that a token takes. */
  user_id: string;
  /** The user's address when it was issued: with another one it has ended. Empty: there was none. */
  email_key: string;
  /** The user's `version` when it was issued: it has ended once that has changed. */
  user_version: number;
  /** Of the code. */
  tries_left: number;
  /** SHA-256 of `token_hash` and the code, base64url; null: there is no code. */
  code_hash: string | null;
  /** The address that the account gets by it; null: it changes none. */
  new_email: string | null;
  new_email_key: string | null;
  created_at: number;
  expires_at: number;
}

/** With which the owner of an account takes back what somebody else has done to it. */
export interface SafetyLinkRow {
  /** SHA-256 of the token, base64url. */
  token_hash: string;
  purpose: 'not_me' | 'email_undo';
  user_id: string;
  /** The address that it was sent to, which was the account's and verified. */
  email: string;
  /** What was done from then on is taken back. */
  created_at: number;
  /** JSON of an `AddedFactor`: what the message said was added, and the link removes; null: nothing. */
  added: string | null;
  expires_at: number;
}

/** Where a user has logged in from, and with what. */
export interface LoginPlaceRow {
  user_id: string;
  /** As `getWideNetwork` returns it. */
  network: string;
  /** As `formatAgentFamily` returns it. */
  agent: string;
  created_at: number;
  /** Up to a week before the last login: see `LoginPlaces`. */
  last_used_at: number;
  expires_at: number;
}

/** Work that one process at a time does. */
interface LeaseRow {
  name: 'mail';
  /** The process that does it, until `free_at`. */
  holder: string | null;
  free_at: number;
  /** Failures since the last success. */
  failures: number;
}

/** A key that encrypts data, other than the key ring's, which the secret encrypts. */
export interface DataKeyRow {
  purpose: 'mail' | 'totp';
  id: string;
  sealed_key: string;
  created_at: number;
}

/** A login whose first proof was right, and which waits for the second factor. */
export interface LoginChallengeRow {
  /** SHA-256 of its token, base64url. */
  token_hash: string;
  user_id: string;
  /** The user's `session_epoch`: another password, or the end of all sessions, ends the login. */
  session_epoch: number;
  /** How the first proof was made, as in a session. */
  amr: string;
  /** The key under which the limiter counts the account's failures, which the login forgives; null: none. */
  attempt_key: string | null;
  tries_left: number;
  created_at: number;
  expires_at: number;
}

/** The authenticator app of a user. */
export interface TotpRow {
  user_id: string;
  /** The secret that it shares with the app, encrypted with the data key. */
  sealed_secret: string;
  /** The time step of the last code that was accepted: each is accepted once. */
  last_step: number;
  created_at: number;
  /** When the user proved with a code that the app has it; null: not yet, and no login asks for it. */
  confirmed_at: number | null;
}

/** Each replaces a lost second factor, once. */
interface RecoveryCodeRow {
  user_id: string;
  /** SHA-256 of the user's id and the code, base64url. */
  code_hash: string;
  created_at: number;
}

/** A browser that is not asked for a second factor. */
export interface DeviceRow {
  id: string;
  user_id: string;
  /** SHA-256 of the value of its cookie, base64url. */
  token_hash: string;
  /** As of a login that waits for the second factor. */
  session_epoch: number;
  created_at: number;
  last_used_at: number;
  expires_at: number;
  address: string;
  user_agent: string;
}

/** An invitation that was neither accepted nor withdrawn. */
export interface InvitationRow {
  id: string;
  /** SHA-256 of the token in its link, base64url. */
  token_hash: string;
  email: string;
  /** As of a user; unique. */
  email_key: string;
  /** Names, space-separated, sorted. */
  roles: string;
  /** Of the message, as BCP 47 names it; null: not chosen. */
  language: string | null;
  /** The id of a user, who may be gone; empty: the operator. */
  invited_by: string;
  created_at: number;
  expires_at: number;
}

/** A registration whose account is not made yet, and one message about it: a message that is sent again has a row of its own. */
export interface RegistrationRow {
  /** SHA-256 of the token in the message's link, base64url. */
  token_hash: string;
  /** SHA-256 of the `registration_token`, base64url: the same for all messages of a registration. */
  client_hash: string;
  /** Empty: the account is made; the row is there to be counted. */
  email: string;
  /** As of a user. */
  email_key: string;
  /** Null: none was chosen. */
  username: string | null;
  display_name: string | null;
  /** As BCP 47 names it; null: not chosen. */
  language: string | null;
  /** Null: an account had the address already, and none can be made with this. */
  password_hash: string | null;
  /** SHA-256 of `token_hash` and the code, base64url. */
  code_hash: string;
  /** Of the code. */
  tries_left: number;
  /** 1: the message was sent; 0: the address had had enough messages. */
  sent: number;
  created_at: number;
  expires_at: number;
}

/** A passkey or security key of a user (WebAuthn §4, credential record). */
interface PasskeyRow {
  id: string;
  user_id: string;
  /** As the authenticator names it, base64url; unique among all users. */
  credential_id: string;
  /** COSE_Key (RFC 9052 §7), base64url. */
  public_key: string;
  name: string;
  /** How browsers reach it: space-separated. */
  transports: string;
  aaguid: string;
  /** The authenticator's counter of signatures; 0 where it has none. */
  sign_count: number;
  /** 1: it logs in without a password; 0: it is a second factor alone. */
  passwordless: number;
  /** 1: it may leave the device that made it; -1: not known before its next use. */
  backup_eligible: number;
  /** 1: there was a copy of it, when it was last used. */
  backed_up: number;
  created_at: number;
  last_used_at: number | null;
  /**
   * The account that the authenticator names, base64url, of a passkey that was made for another application; empty: whatever
   * it names, which that application has not kept. Null: it was made here.
   */
  user_handle: string | null;
}

/** What an authenticator is asked to sign, once. */
interface PasskeyChallengeRow {
  /** SHA-256, base64url. */
  challenge_hash: string;
  purpose: 'login' | 'second_factor' | 'login_registration' | 'second_factor_registration';
  /**
   * The id of the session that adds a passkey, the SHA-256 of the login's token, or the id of the user that a login is for;
   * empty where it is for anybody.
   */
  bound_to: string;
  expires_at: number;
}
