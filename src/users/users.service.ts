import { randomBytes } from 'node:crypto';
import type { Actor } from '../audit/actor.js';
import type { AuditEvent } from '../audit/audit-events.js';
import { auditStore, type AuditDetails } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Database, Queries } from '../database/database.js';
import { Problem } from '../problems/problem.js';
import { rolesStore } from '../roles/roles.store.js';
import type { SubjectVersions } from '../revocations/subject-versions.js';
import { parseScope } from '../roles/rights.js';
import type { PasswordOwner } from '../passwords/context-words.js';
import type { NewPasswords } from '../passwords/new-passwords.js';
import { refuseHashKind, toStoredHash } from '../passwords/stored-hash.js';
import { toContactColumns, type ContactDetails } from './contact-details.js';
import { describeNewUser, describeUpdate } from './describe-user-changes.js';
import { passwordHashesStore } from './password-hashes.store.js';
import { losesVerification, requireUser, type UserRecords } from './user-records.js';
import { usersStore, type UserWithRoles } from './users.store.js';
import { administratorRole } from '../roles/administrator-role.js';
import { sessionEpochsStore } from './session-epochs.store.js';

export type { UserWithRoles };

interface NewUser extends ContactDetails {
  readonly username: string;
  readonly password?: string | undefined;
  /** In place of the password; in a notation of another application. */
  readonly passwordHash?: string | undefined;
  /** In place of the password: its hash, as `NewPasswords` has made it. */
  readonly acceptedHash?: string | undefined;
  /** Undefined: the default of the settings; with a hash `false`. */
  readonly oneTime: boolean | undefined;
  readonly roles: readonly string[];
}

interface WithinCreation {
  readonly claim?: (transaction: Queries) => Promise<void>;
  readonly onMade?: (transaction: Queries, user: UserWithRoles) => Promise<void>;
}

interface UserChange extends ContactDetails {
  readonly username?: string;
  readonly password?: string;
  /** Whether `password` is a one-time password. Undefined: the default of the settings. */
  readonly oneTime?: boolean;
  readonly disabled?: boolean;
  readonly roles?: readonly string[];
}

/** Manages accounts. Changes that take rights away take effect on the user's next request. */
export class UsersService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly passwords: NewPasswords,
    private readonly versions: SubjectVersions,
    private readonly records: UserRecords,
  ) {}

  /** @throws {Problem} `user_not_found`. */
  async get(id: string): Promise<UserWithRoles> {
    return requireUser(await usersStore.find(this.database.queries, id));
  }

  /** @returns undefined where there is no such user. */
  async findByName(username: string): Promise<UserWithRoles | undefined> {
    const user = await usersStore.findByName(this.database.queries, username);
    return user && usersStore.find(this.database.queries, user.id);
  }

  /**
   * @param within what must succeed in the same transaction: `claim` before the account is made and with the rights locked,
   *   `onMade` after that.
   * @throws {Problem} `username_taken`, `email_taken`; `validation_failed` for an invalid name, address, password or role;
   *   `busy`; what `within` throws.
   */
  async create(
    account: NewUser,
    actor: Actor,
    { claim, onMade }: WithinCreation = {},
  ): Promise<UserWithRoles> {
    const { username, roles } = account;
    this.records.refuseInvalidName(username);
    const passwordHash = account.acceptedHash ?? (await this.#toNewHash(account));
    const oneTime = account.oneTime ?? (account.passwordHash === undefined ? undefined : false);
    return this.database.transaction(async (transaction) => {
      await rolesStore.lockRights(transaction);
      await claim?.(transaction);
      const id = await this.records.insert(transaction, {
        ...{ username, passwordHash, roles, oneTime },
        contact: account,
      });
      const user = requireUser(await usersStore.find(transaction, id));
      await this.#audit(transaction, 'user_created', user, actor, describeNewUser(user));
      await onMade?.(transaction, user);
      return user;
    });
  }

  /** @throws {Problem} `username_taken`; `validation_failed` for what is no name. */
  refuseTakenName(username: string): Promise<void> {
    return this.records.refuseTakenName(this.database.queries, username);
  }

  /**
   * Creates the first administrator where there are no users. The caller must check the password.
   * @returns whether it was created.
   */
  async createFirstAdministrator(
    username: string,
    password: string,
    oneTime: boolean,
    actor: Actor,
  ): Promise<boolean> {
    const passwordHash = await this.passwords.hashAccepted(password);
    return this.database.withExclusiveLock(async (transaction) => {
      if (!(await usersStore.isEmpty(transaction))) return false;
      const roles = [administratorRole];
      const id = await this.records.insert(transaction, { username, passwordHash, roles, oneTime });
      const user = requireUser(await usersStore.find(transaction, id));
      await this.#audit(transaction, 'user_created', user, actor, describeNewUser(user));
      return true;
    });
  }

  async hasUsers(): Promise<boolean> {
    return !(await usersStore.isEmpty(this.database.queries));
  }

  /**
   * @throws {Problem} `user_not_found`, `username_taken`, `email_taken`, `last_administrator`; `validation_failed` for an
   *   invalid name, address, password or role; `busy`.
   */
  async update(id: string, change: UserChange, actor: Actor): Promise<UserWithRoles> {
    // A name that predates the rules may be sent back unchanged.
    if (change.username !== undefined && change.username !== (await this.get(id)).username) {
      this.records.refuseInvalidName(change.username);
    }
    const passwordHash = await this.#hashNewPassword(id, change);
    const { user, revoked } = await this.database.transaction(async (transaction) => {
      await rolesStore.lockRights(transaction);
      requireUser(await usersStore.lock(transaction, id));
      const before = requireUser(await usersStore.find(transaction, id));
      const now = this.clock.now();
      const renamed = change.username !== undefined && change.username !== before.username;
      await this.records.update(transaction, id, now, {
        ...(renamed && (await this.records.rename(transaction, id, change.username))),
        ...(passwordHash !== undefined && {
          password_hash: passwordHash,
          ...this.records.createOneTimeColumns(change.oneTime),
        }),
        ...toContactColumns(change, now, before),
        ...(change.disabled !== undefined && {
          disabled_at: change.disabled ? (before.disabled_at ?? now) : null,
        }),
      });
      const rolesChange =
        change.roles !== undefined &&
        parseScope(change.roles.join(' ')).join(' ') !== parseScope(before.roles).join(' ');
      if (rolesChange) await this.records.setRoles(transaction, id, change.roles, before);
      const wasAdministrator =
        before.disabled_at === null && parseScope(before.roles).includes(administratorRole);
      if (wasAdministrator) await requireAdministrator(transaction);
      const disabled = change.disabled === true && before.disabled_at === null;
      const signedOut = disabled || passwordHash !== undefined;
      if (signedOut) await sessionEpochsStore.raise(transaction, id);
      if (passwordHash !== undefined) await this.passwords.announce(transaction, id, null);
      const user = requireUser(await usersStore.find(transaction, id));
      await this.records.leaveAddress(transaction, before, user);
      for (const [event, details] of describeUpdate(before, user, passwordHash !== undefined))
        await this.#audit(transaction, event, before, actor, details);
      return {
        // Tokens say the name, which another user may have next. Links to an address that is in doubt end with the version.
        revoked:
          signedOut || rolesChange || renamed || losesVerification(before, user)
            ? await this.versions.increment(transaction, { userId: id })
            : [],
        user,
      };
    });
    this.versions.apply(revoked);
    return user;
  }

  /** @throws {Problem} `user_not_found`, `last_administrator`. */
  async delete(id: string, actor: Actor): Promise<void> {
    const revoked = await this.database.transaction(async (transaction) => {
      await rolesStore.lockRights(transaction);
      const user = requireUser(await usersStore.find(transaction, id));
      const rows = await this.versions.revokeForever(transaction, { userId: id });
      await usersStore.delete(transaction, id, this.clock.now());
      if (user.disabled_at === null && parseScope(user.roles).includes(administratorRole)) {
        await requireAdministrator(transaction);
      }
      await this.#audit(transaction, 'user_deleted', user, actor, { roles: parseScope(user.roles) });
      return rows;
    });
    this.versions.apply(revoked);
    await this.records.removeDeleted(id);
  }

  /**
   * Sets a new one-time password and ends the account's sessions. A disabled account stays disabled.
   * @returns the password; undefined where there is no such user.
   */
  async resetPassword(username: string, actor: Actor): Promise<string | undefined> {
    const password = generateOneTimePassword();
    const passwordHash = await this.passwords.hashAccepted(password);
    const revoked = await this.database.transaction(async (transaction) => {
      const user = await usersStore.findByName(transaction, username);
      if (!user) return undefined;
      const now = this.clock.now();
      await usersStore.update(transaction, user.id, now, {
        password_hash: passwordHash,
        ...this.records.createOneTimeColumns(true),
      });
      await sessionEpochsStore.raise(transaction, user.id);
      await this.#audit(transaction, 'password_reset', user, actor);
      await this.passwords.announce(transaction, user.id, null);
      return this.versions.increment(transaction, { userId: user.id });
    });
    if (!revoked) return undefined;
    this.versions.apply(revoked);
    return password;
  }

  #audit(
    transaction: Queries,
    event: AuditEvent,
    { id, username }: Pick<UserWithRoles, 'id' | 'username'>,
    actor: Actor,
    details?: AuditDetails,
  ): Promise<void> {
    return auditStore.add(transaction, this.clock, {
      event,
      actor,
      target: { kind: 'user', id, name: username },
      details,
    });
  }

  async #toNewHash({ password, passwordHash, ...owner }: NewUser): Promise<string> {
    if ((password === undefined) === (passwordHash === undefined)) {
      throw new Problem('validation_failed', {
        errors: {
          password:
            password === undefined
              ? 'is required, or password_hash in its place'
              : 'must not be sent together with password_hash',
        },
      });
    }
    if (password !== undefined) return this.passwords.hash('password', password, owner);
    const result = toStoredHash(passwordHash ?? '');
    const error =
      'error' in result
        ? result.error
        : refuseHashKind(result.family, await passwordHashesStore.listKinds(this.database.queries));
    if ('error' in result || error !== undefined) {
      throw new Problem('validation_failed', { errors: { password_hash: error ?? '' } });
    }
    return result.stored;
  }

  async #hashNewPassword(
    id: string,
    { username, password, oneTime }: UserChange,
  ): Promise<string | undefined> {
    if (password === undefined) {
      if (oneTime === undefined) return undefined;
      throw new Problem('validation_failed', {
        errors: { one_time: 'is only allowed together with password' },
      });
    }
    const user = await this.get(id);
    return this.passwords.hash(
      'password',
      password,
      toOwner({ ...user, username: username ?? user.username }),
    );
  }
}

export function toOwner({
  username,
  email,
  display_name: displayName,
}: Pick<UserWithRoles, 'username' | 'email' | 'display_name'>): PasswordOwner {
  return { username, email: email ?? undefined, displayName: displayName ?? undefined };
}

/** 120 random bits in base64url. It does not begin with a hyphen, which commands would take for an option. */
export function generateOneTimePassword(): string {
  const password = randomBytes(15).toString('base64url');
  return password.startsWith('-') ? generateOneTimePassword() : password;
}

async function requireAdministrator(queries: Queries): Promise<void> {
  if (!(await usersStore.hasAdministrator(queries))) throw new Problem('last_administrator');
}
