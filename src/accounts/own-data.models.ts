import type { Id, Permission, RoleName } from '../http/api-types.js';
import type { Passkey } from '../passkeys/passkeys.models.js';
import type { Device } from '../second-factors/second-factors.models.js';
import type { OwnAction, OwnEvent } from './own-events.models.js';
import type { OwnAuthenticatorApp, OwnLoginPlace, OwnSession } from './own-logins.models.js';

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
