import type { AuditActorKind, AuditDetails } from '../audit-feed/audit.models.js';
import type { Id, Permission, RoleName } from '../http/api-types.js';
import type { Passkey } from '../passkeys/passkeys.models.js';
import type { Device } from '../second-factors/second-factors.models.js';

/** The account itself. Of the password there is a hash, which is in no export. */
export interface OwnAccount {
  id: Id;
  /**
   * The name to log in with, as it was given.
   * @maxLength 200
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  username: string;
  /**
   * The e-mail address; absent where there is none.
   * @maxLength 320
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  email?: string;
  /**
   * When it was verified; absent where it was not.
   * @format date-time
   */
  email_verified_at?: string;
  /**
   * The name to be shown; absent where there is none.
   * @maxLength 1000
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  display_name?: string;
  /**
   * The language of messages (BCP 47); absent where none was chosen.
   * @maxLength 100
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  language?: string;
  /**
   * Names of the account's roles.
   * @maxItems 1000
   */
  roles: RoleName[];
  /**
   * What the roles permit.
   * @maxItems 4000
   */
  permissions: Permission[];
  /** The account has a one-time password. */
  password_change_required: boolean;
  /**
   * When the account was created.
   * @format date-time
   */
  created_at: string;
  /**
   * When it was last changed.
   * @format date-time
   */
  updated_at: string;
  /**
   * When the last login was; absent before the first.
   * @format date-time
   */
  last_login_at?: string;
}

/** A session, live or ended. Ended ones are removed when none of their tokens could be valid any more. */
export interface OwnSession {
  id: Id;
  /**
   * When it began.
   * @format date-time
   */
  created_at: string;
  /**
   * When the password was last entered in it.
   * @format date-time
   */
  authenticated_at: string;
  /**
   * When one of its tokens was last used.
   * @format date-time
   */
  last_used_at: string;
  /**
   * When its refresh token expires.
   * @format date-time
   */
  expires_at: string;
  /**
   * When it was ended by itself; absent for one that lives, expired, or ended together with all others.
   * @format date-time
   */
  ended_at?: string;
  /**
   * How the user proved who it is: RFC 8176's names of methods.
   * @maxItems 20
   */
  methods: AuthenticationMethod[];
  /**
   * When a second factor was last shown in it; absent where none was.
   * @format date-time
   */
  second_factor_at?: string;
  /**
   * The remembered device that stood for the second factor; absent where none did.
   * @maxLength 100
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  device_id?: string;
  /**
   * The IP address of the login; empty where it is unknown.
   * @maxLength 255
   * @pattern ^[0-9A-Fa-f.:%A-Za-z_-]*$
   */
  address: string;
  /**
   * The `User-Agent` of the login.
   * @maxLength 255
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  user_agent: string;
}

/**
 * The name of a method by RFC 8176.
 * @minLength 1
 * @maxLength 50
 * @pattern ^[A-Za-z0-9_-]+$
 */
export type AuthenticationMethod = string;

/** The account in another application, from which it was imported. */
export interface OwnForeignAccount {
  /**
   * The name of that application.
   * @maxLength 255
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  source: string;
  /**
   * The id there.
   * @maxLength 1000
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  id: string;
  /**
   * The e-mail address there; absent where none was known.
   * @maxLength 1000
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  email?: string;
  /** Whether that application had verified the address. */
  email_verified: boolean;
  /**
   * When the account was imported.
   * @format date-time
   */
  imported_at: string;
}

/** A message to you: it is kept until it is sent, and for a short time after. What it said is not here. */
export interface OwnMessage {
  id: Id;
  /**
   * What it was about: the name of its template.
   * @maxLength 100
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  template: string;
  /**
   * The address that it is for.
   * @maxLength 320
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  address: string;
  /**
   * Its language (BCP 47).
   * @maxLength 100
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  language: string;
  /**
   * `waiting`, `sent` or `given_up`.
   * @maxLength 50
   * @pattern ^[a-z_]+$
   */
  state: string;
  /**
   * When it was written.
   * @format date-time
   */
  created_at: string;
  /**
   * When it was sent or given up; absent while it waits.
   * @format date-time
   */
  done_at?: string;
}

/** What the audit has about you. */
export interface OwnEvent {
  id: Id;
  /**
   * When it happened; of several that are counted, the first.
   * @format date-time
   */
  at: string;
  /**
   * What happened: a name from docs/audit.md. Later versions have more of them.
   * @minLength 1
   * @maxLength 50
   * @pattern ^[a-z_]+$
   */
  event: string;
  /** Whether it was done in your name. */
  by_you: boolean;
  /** What acted, if not you: who it was is theirs. Absent where that is unknown, as in a failed login. */
  actor_kind?: AuditActorKind;
  /** Your session that it happened in or to. */
  session_id?: Id;
  /**
   * The IP address that it came from; absent where somebody else acted.
   * @maxLength 255
   * @pattern ^[0-9A-Za-z.:%/_-]*$
   */
  address?: string;
  /**
   * The `User-Agent` of the request; absent where somebody else acted.
   * @maxLength 255
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  user_agent?: string;
  /** What changed. */
  details?: AuditDetails;
  /**
   * How many it stands for.
   * @isLong
   * @minimum 1
   * @maximum 9007199254740991
   */
  count: number;
  /**
   * When the last of several happened.
   * @format date-time
   */
  last_at?: string;
}

/** What you did to something else than your account. What it was done to is not yours, and left out. */
export interface OwnAction {
  id: Id;
  /**
   * When it happened; of several that are counted, the first.
   * @format date-time
   */
  at: string;
  /**
   * What happened: a name from docs/audit.md. Later versions have more of them.
   * @minLength 1
   * @maxLength 50
   * @pattern ^[a-z_]+$
   */
  event: string;
  /**
   * What kind of thing it was done to, such as `user`; absent where it was nothing in particular.
   * @maxLength 50
   * @pattern ^[a-z_]+$
   */
  target_kind?: string;
  /** The session that you acted in. */
  session_id?: Id;
  /**
   * The IP address that it came from.
   * @maxLength 255
   * @pattern ^[0-9A-Za-z.:%/_-]*$
   */
  address?: string;
  /**
   * The `User-Agent` of the request.
   * @maxLength 255
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  user_agent?: string;
  /**
   * How many it stands for.
   * @isLong
   * @minimum 1
   * @maximum 9007199254740991
   */
  count: number;
  /**
   * When the last of several happened.
   * @format date-time
   */
  last_at?: string;
}

/** An authenticator app; its secret is in no export. */
export interface OwnAuthenticatorApp {
  /**
   * When its secret was made.
   * @format date-time
   */
  created_at: string;
  /**
   * When it was taken into use; absent where it was not.
   * @format date-time
   */
  confirmed_at?: string;
}

/**
 * Where you have logged in from, and with what.
 * @example { "network": "192.0.2.0/24", "agent": "Firefox on Linux", "created_at": "2026-11-24T09:00:00.000Z", "last_used_at": "2026-11-24T09:00:00.000Z", "expires_at": "2027-11-24T09:00:00.000Z" }
 */
export interface OwnLoginPlace {
  /**
   * The network: of an IPv4 address its /24, of an IPv6 address its /48. Empty where the address was unknown.
   * @maxLength 64
   * @pattern ^[0-9a-f.:/]*$
   */
  network: string;
  /**
   * The program, without its version.
   * @maxLength 64
   * @pattern ^[A-Za-z\u0020]+$
   */
  agent: string;
  /**
   * When you first logged in from there.
   * @format date-time
   */
  created_at: string;
  /**
   * When you last did, up to a week too early.
   * @format date-time
   */
  last_used_at: string;
  /**
   * When it is forgotten.
   * @format date-time
   */
  expires_at: string;
}

/**
 * Everything that the service stores about you. Sessions and login places are in the order of networks, all else is oldest first. Later
 * versions have more lists.
 * @example { "format": 1, "exported_at": "2026-11-24T10:00:00.000Z", "account": { "id": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10", "username": "ada", "roles": ["auditor"], "permissions": ["reports:read"], "password_change_required": false, "created_at": "2026-11-24T09:00:00.000Z", "updated_at": "2026-11-24T09:00:00.000Z", "last_login_at": "2026-11-24T09:30:00.000Z" }, "sessions": [], "passkeys": [], "authenticator_apps": [], "devices": [], "login_places": [], "messages": [], "foreign_accounts": [], "events": [], "actions": [] }
 */
export interface OwnData {
  /**
   * The version of this form. It changes where a field changes its meaning, and not where one is added.
   * @isInt
   * @minimum 1
   * @maximum 1000
   */
  format: number;
  /**
   * When the export began.
   * @format date-time
   */
  exported_at: string;
  account: OwnAccount;
  /**
   * Live ones, and ended ones that are not removed yet.
   * @maxItems 2147483647
   */
  sessions: OwnSession[];
  /**
   * The passkeys, without their public keys.
   * @maxItems 1000
   */
  passkeys: Passkey[];
  /**
   * Authenticator apps, without their secrets.
   * @maxItems 1000
   */
  authenticator_apps: OwnAuthenticatorApp[];
  /**
   * Devices that are remembered.
   * @maxItems 1000
   */
  devices: Device[];
  /**
   * Networks and programs that you have logged in from: a login from a new one is told to you.
   * @maxItems 1000
   */
  login_places: OwnLoginPlace[];
  /**
   * Messages that wait or were just sent.
   * @maxItems 2147483647
   */
  messages: OwnMessage[];
  /**
   * The account in the application that it was imported from.
   * @maxItems 2147483647
   */
  foreign_accounts: OwnForeignAccount[];
  /**
   * What the audit has about you.
   * @maxItems 2147483647
   */
  events: OwnEvent[];
  /**
   * What the audit has of what you did to other things.
   * @maxItems 2147483647
   */
  actions: OwnAction[];
}
