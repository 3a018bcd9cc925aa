import type { Clock } from '../clock.js';
import type { ForeignIdRow, UserRow } from '../database/schema.js';
import { createId } from '../ids.js';
import { refuseHashKind, toStoredHash } from '../passwords/stored-hash.js';
import { parseEmailAddress } from '../text/email-address.js';
import { validateName } from '../text/freeform-text.js';
import { maxUsernameLength, toUsernameKey } from '../usernames/username.js';
import { validateUsername } from '../usernames/username-rules.js';
import { computeSkeletonKey } from '../usernames/username-scripts.js';
import { FieldError, type ForeignUser } from './foreign-user.js';
import { chooseFactors, type UsableFactors } from './imported-factors.js';
import type { ImportOptions } from './import-options.js';

const maxForeignIdLength = 255;
const maxEmailLength = 320;
/** As in the contract. */
const maxDisplayNameLength = 100;
const control = /\p{Cc}/u;
const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** The id as its application writes it into tokens: SQLAlchemy and Django keep UUIDs in SQLite without dashes. */
export function toForeignId(id: string): string {
  if (!uuid.test(id)) return id;
  return id
    .toLowerCase()
    .replaceAll('-', '')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** What one user becomes. @throws {FieldError} for what cannot be taken over. */
export function toUserRow(
  foreign: ForeignUser,
  options: Pick<ImportOptions, 'source' | 'renames' | 'emailAsUsername' | 'usernames' | 'ignoreFactors'>,
  { clock, hashKinds }: { readonly clock: Clock; readonly hashKinds: Set<string> },
): { readonly user: UserRow; readonly origin: ForeignIdRow; readonly factors: UsableFactors } {
  const foreignId = toForeignId(foreign.id);
  if (foreignId.length > maxForeignIdLength || control.test(foreignId) || !foreignId.isWellFormed()) {
    throw new FieldError(
      `the id must have ${maxForeignIdLength} characters or fewer, and no control characters`,
    );
  }
  const { email = null } = foreign;
  if (email !== null && (email.length > maxEmailLength || control.test(email) || !email.isWellFormed())) {
    throw new FieldError(
      'the e-mail address is too long, or has control characters: correct it, or leave it out',
    );
  }
  const address = email === null ? undefined : parseEmailAddress(email);
  const isVerified = address !== undefined && foreign.emailVerified === true;
  const username = chooseUsername(foreign, options);
  const now = clock.now();
  const keepsId = uuid.test(foreignId);
  const id = keepsId ? foreignId : createId(clock);
  const ignore = options.ignoreFactors ?? false;
  const factors = chooseFactors(foreign.factors ?? {}, { keepsId, ignore });
  return {
    factors,
    user: {
      id,
      username,
      username_key: toUsernameKey(username),
      username_skeleton: computeSkeletonKey(username),
      password_hash: toHash(foreign.passwordHash, hashKinds),
      password_one_time: foreign.oneTimeExpiresAt === undefined ? 0 : 1,
      one_time_expires_at: foreign.oneTimeExpiresAt ?? null,
      version: 0,
      session_epoch: 0,
      ending_epoch: null,
      deleted_at: null,
      email: address?.text ?? null,
      email_key: address?.key ?? null,
      email_verified_at: isVerified ? now : null,
      display_name: readName(foreign.displayName),
      language: readLanguage(foreign.language),
      second_factors: factors.bits,
      disabled_at: foreign.disabled ? now : null,
      last_login_at: foreign.lastLoginAt ?? null,
      created_at: Math.min(foreign.createdAt ?? now, now),
      updated_at: now,
    },
    origin: {
      source: options.source,
      foreign_id: foreignId,
      user_id: id,
      email,
      email_verified: email !== null && foreign.emailVerified === true ? 1 : 0,
      imported_at: now,
    },
  };
}

function chooseUsername(
  { username: given, email }: ForeignUser,
  { renames, emailAsUsername, usernames }: Pick<ImportOptions, 'renames' | 'emailAsUsername' | 'usernames'>,
): string {
  if (emailAsUsername && email === undefined) {
    throw new FieldError('has no e-mail address to log in with: add it, or leave out --email-as-username');
  }
  const before = emailAsUsername ? (email ?? given) : given;
  const username = renames.get(before) ?? before;
  const error =
    username.length > maxUsernameLength ||
    username.trim() !== username ||
    control.test(username) ||
    !username.isWellFormed()
      ? `must have 1 to ${maxUsernameLength} characters, no control characters among them and no white space at either end`
      : validateUsername(username, usernames);
  if (error === undefined) return username;
  throw new FieldError(
    `the name ${error}: give another one (--rename with a file of lines "the name there,the name here"), or allow it (LATCHKEY_USERNAMES)`,
  );
}

function readName(name: string | undefined): string | null {
  if (name === undefined) return null;
  const error = name.length > maxDisplayNameLength ? 'is too long' : validateName(name);
  if (error !== undefined) throw new FieldError(`display_name ${error}: correct it, or leave it out`);
  return name;
}

function readLanguage(tag: string | undefined): string | null {
  if (tag === undefined || /^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,4}$/.test(tag)) return tag ?? null;
  throw new FieldError('language must be the tag of a language, such as en or pt-BR');
}

function toHash(text: string | undefined, hashKinds: Set<string>): string {
  // No password matches it.
  if (text === undefined) return '';
  const result = toStoredHash(text);
  if ('error' in result) throw new FieldError(`the password hash ${result.error}`);
  const error = refuseHashKind(result.family, hashKinds);
  if (error !== undefined) throw new FieldError(`the password hash ${error}`);
  hashKinds.add(result.family);
  return result.stored;
}
