import { readExportedFactors } from './exported-factors.js';
import { fields, FieldError, readNamed, type ForeignUser } from './foreign-user.js';

/** A passkey in NDJSON; its id and key are base64url. */
export interface ExportedPasskey {
  readonly credential_id: string;
  readonly public_key: string;
  readonly name: string;
  readonly transports: readonly string[];
  readonly aaguid: string;
  readonly sign_count: number;
  readonly passwordless: boolean;
  readonly backup_eligible?: boolean;
  readonly backed_up: boolean;
  readonly created_at: string;
  readonly last_used_at?: string;
  /** What the authenticator names its user, of a passkey that was made for another application. */
  readonly user_handle?: string;
}

/** The fields of a user in NDJSON and CSV, which `export users` writes and `import users` reads. */
export interface ExportedUser {
  readonly id?: string;
  readonly username: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly display_name?: string;
  readonly language?: string;
  readonly password_hash?: string;
  readonly one_time_expires_at?: string;
  /** The kinds of second factors, which the fields after it have. */
  readonly second_factors?: readonly string[];
  readonly totp_secret?: string;
  readonly recovery_code_hashes?: readonly string[];
  readonly passkeys?: readonly ExportedPasskey[];
  readonly roles?: readonly string[];
  readonly disabled?: boolean;
  readonly created_at?: string;
  readonly last_login_at?: string;
}

const known: Readonly<Record<keyof ExportedUser, true>> = {
  id: true,
  username: true,
  email: true,
  email_verified: true,
  display_name: true,
  language: true,
  password_hash: true,
  one_time_expires_at: true,
  second_factors: true,
  totp_secret: true,
  recovery_code_hashes: true,
  passkeys: true,
  roles: true,
  disabled: true,
  created_at: true,
  last_login_at: true,
};
export const exportedFields = Object.keys(known);

/** @throws {FieldError} */
export function readExportedUser(given: Readonly<Record<string, unknown>>): ForeignUser {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) {
    throw new FieldError(`"${unknown}" is not a field: the fields are ${exportedFields.join(', ')}`);
  }
  const username = fields.text(given['username'], 'username') ?? fields.text(given['email'], 'email');
  if (username === undefined) throw new FieldError('username is missing');
  return readNamed(username, () => ({
    // What has no id is known by its name.
    id: fields.text(given['id'], 'id') ?? username,
    username,
    email: fields.text(given['email'], 'email'),
    emailVerified: fields.flag(given['email_verified'], 'email_verified'),
    displayName: fields.text(given['display_name'], 'display_name'),
    language: fields.text(given['language'], 'language'),
    passwordHash: fields.text(given['password_hash'], 'password_hash'),
    oneTimeExpiresAt: fields.time(given['one_time_expires_at'], 'one_time_expires_at'),
    factors: readExportedFactors(given),
    roles: fields.list(given['roles'], 'roles'),
    disabled: fields.flag(given['disabled'], 'disabled') ?? false,
    createdAt: fields.time(given['created_at'], 'created_at'),
    lastLoginAt: fields.time(given['last_login_at'], 'last_login_at'),
  }));
}
