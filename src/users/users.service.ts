import { randomBytes } from 'node:crypto';
import { auditStore, type Actor } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import { violatesUnique } from '../database/constraint-errors.js';
import { countersStore } from '../database/counters.store.js';
import type { Database, Queries } from '../database/open-database.js';
import { newId } from '../ids.js';
import { Problem } from '../problems/problem.js';
import { rolesStore } from '../roles/roles.store.js';
import { endSessionsOf, removeDeletedUser } from '../sessions/ended-sessions.js';
import type { Revocations } from '../revocations/revocations.js';
import type { SubjectVersions } from '../revocations/subject-versions.js';
import { rightsSize, tooManyRights, type RightsCapacity } from '../tokens/access-token-size.js';
import { words } from '../roles/rights.js';
import { passwordFault } from '../passwords/password-policy.js';
import type { Passwords } from '../passwords/passwords.js';
import { usernameFault, type UsernameRules } from '../usernames/username-rules.js';
import { skeletonKey } from '../usernames/username-scripts.js';
import { administratorRole, usersStore, type UserWithRoles } from './users.store.js';

interface NewUser {
  readonly username: string;
  readonly password: string;
  /** Undefined: as the settings say. */
  readonly oneTime: boolean | undefined;
  readonly roles: readonly string[];
}

interface UserChange {
  readonly username?: string;
  readonly password?: string;
  /** Of the password; undefined: as the settings say. */
  readonly oneTime?: boolean;
  readonly disabled?: boolean;
  readonly roles?: readonly string[];
}

interface OneTimeOptions {
  /** For how long a one-time password is good, in seconds. */
  readonly lifetime: number;
  /** Whether one that an administrator sets is, where nothing is said. */
  readonly byDefault: boolean;
}

/** Accounts. Whatever takes a user's rights away takes effect on the very next request. */
export class UsersService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly passwords: Passwords,
    private readonly versions: SubjectVersions,
    private readonly revocations: Revocations,
    private readonly tokens: RightsCapacity,
    private readonly usernames: UsernameRules,
    private readonly oneTime: OneTimeOptions,
  ) {}

  /** @throws {Problem} `user_not_found`. */
  async get(id: string): Promise<UserWithRoles> {
    return found(await usersStore.find(this.database.queries, id));
  }

  /** @throws {Problem} `username_taken`; `validation_failed` for a password or a role that will not do; `busy`. */
  async create({ username, password, oneTime, roles }: NewUser, actor: Actor): Promise<UserWithRoles> {
    this.#refuseFaultyName(username);
    await refuseFaultyPassword('password', password, username);
    const passwordHash = await this.passwords.hash(password);
    return this.database.transaction(async (transaction) => {
      await rolesStore.lockRights(transaction);
      const isOneTime = oneTime ?? this.oneTime.byDefault;
      const id = await this.#insert(transaction, username, passwordHash, roles, isOneTime);
      await auditStore.addChange(transaction, this.clock, { event: 'user_created', target: id }, actor);
      return found(await usersStore.find(transaction, id));
    });
  }

  /**
   * Makes the first administrator where there are no users at all. The password is the caller's to judge.
   * @returns whether it did.
   */
  async createFirstAdministrator(
    username: string,
    password: string,
    oneTime: boolean,
    actor: Actor,
  ): Promise<boolean> {
    const passwordHash = await this.passwords.hash(password);
    return this.database.exclusively(async (transaction) => {
      if (!(await usersStore.isEmpty(transaction))) return false;
      const id = await this.#insert(transaction, username, passwordHash, [administratorRole], oneTime);
      await auditStore.addChange(transaction, this.clock, { event: 'user_created', target: id }, actor);
      return true;
    });
  }

  async hasUsers(): Promise<boolean> {
    return !(await usersStore.isEmpty(this.database.queries));
  }

  /**
   * @throws {Problem} `user_not_found`, `username_taken`, `last_administrator`; `validation_failed` for a password
   *   or a role that will not do; `busy`.
   */
  async update(id: string, change: UserChange, actor: Actor): Promise<UserWithRoles> {
    // A name of before these rules stays, and may be sent back as it is.
    if (change.username !== undefined && change.username !== (await this.get(id)).username) {
      this.#refuseFaultyName(change.username);
    }
    const passwordHash = await this.#hashNew(id, change);
    const { user, revoked } = await this.database.transaction(async (transaction) => {
      await rolesStore.lockRights(transaction);
      const before = found(await usersStore.find(transaction, id));
      const now = this.clock.now();
      await this.#updateRow(transaction, id, now, {
        ...(change.username !== undefined &&
          change.username !== before.username &&
          (await this.#renamed(transaction, id, change.username))),
        ...(passwordHash !== undefined && {
          password_hash: passwordHash,
          ...this.#oneTimeColumns(change.oneTime ?? this.oneTime.byDefault),
        }),
        ...(change.disabled !== undefined && {
          disabled_at: change.disabled ? (before.disabled_at ?? now) : null,
        }),
      });
      const rolesChange =
        change.roles !== undefined &&
        words(change.roles.join(' ')).join(' ') !== words(before.roles).join(' ');
      if (rolesChange) await this.#setRoles(transaction, id, change.roles, sizeOf(before));
      const wasAdministrator = before.disabled_at === null && words(before.roles).includes(administratorRole);
      if (wasAdministrator) await refuseNoAdministrators(transaction);
      const disabled = change.disabled === true && before.disabled_at === null;
      const signedOut = disabled || passwordHash !== undefined;
      if (signedOut) await endSessionsOf(transaction, id);
      await auditStore.addChange(transaction, this.clock, { event: 'user_updated', target: id }, actor);
      return {
        revoked: signedOut || rolesChange ? await this.versions.raise(transaction, { userId: id }) : [],
        user: found(await usersStore.find(transaction, id)),
      };
    });
    this.revocations.apply(revoked);
    return user;
  }

  /**
   * Replaces the roles of the user of a name.
   * @returns undefined where there is no such user.
   * @throws {Problem} as `update`.
   */
  async setRolesOf(
    username: string,
    roles: readonly string[],
    actor: Actor,
  ): Promise<UserWithRoles | undefined> {
    const user = await usersStore.findByName(this.database.queries, username);
    return user && this.update(user.id, { roles }, actor);
  }

  /** @throws {Problem} `user_not_found`, `last_administrator`. */
  async delete(id: string, actor: Actor): Promise<void> {
    const revoked = await this.database.transaction(async (transaction) => {
      await rolesStore.lockRights(transaction);
      const user = found(await usersStore.find(transaction, id));
      const rows = await this.versions.end(transaction, { userId: id });
      await usersStore.delete(transaction, id, this.clock.now());
      if (user.disabled_at === null && words(user.roles).includes(administratorRole)) {
        await refuseNoAdministrators(transaction);
      }
      await auditStore.addChange(transaction, this.clock, { event: 'user_deleted', target: id }, actor);
      return rows;
    });
    this.revocations.apply(revoked);
    await removeDeletedUser(this.database, id);
  }

  /**
   * Gives an account a new one-time password, enables nothing, and ends its sessions.
   * @returns the password; undefined where there is no such user.
   */
  async resetPassword(username: string, actor: Actor): Promise<string | undefined> {
    const password = oneTimePassword();
    const passwordHash = await this.passwords.hash(password);
    const revoked = await this.database.transaction(async (transaction) => {
      const user = await usersStore.findByName(transaction, username);
      if (!user) return undefined;
      const now = this.clock.now();
      await usersStore.update(transaction, user.id, now, {
        password_hash: passwordHash,
        ...this.#oneTimeColumns(true),
      });
      await endSessionsOf(transaction, user.id);
      await auditStore.addChange(
        transaction,
        this.clock,
        { event: 'password_reset', target: user.id },
        actor,
      );
      return this.versions.raise(transaction, { userId: user.id });
    });
    if (!revoked) return undefined;
    this.revocations.apply(revoked);
    return password;
  }

  #oneTimeColumns(isOneTime: boolean) {
    return isOneTime
      ? { password_one_time: 1, one_time_expires_at: this.clock.now() + this.oneTime.lifetime * 1000 }
      : { password_one_time: 0, one_time_expires_at: null };
  }

  async #hashNew(id: string, { username, password, oneTime }: UserChange): Promise<string | undefined> {
    if (password === undefined) {
      if (oneTime === undefined) return undefined;
      throw new Problem('validation_failed', {
        errors: { one_time: 'says what the password is: send it with password' },
      });
    }
    const name = username ?? (await this.get(id)).username;
    await refuseFaultyPassword('password', password, name);
    return this.passwords.hash(password);
  }

  async #insert(
    queries: Queries,
    username: string,
    passwordHash: string,
    roles: readonly string[],
    oneTime: boolean,
  ): Promise<string> {
    const now = this.clock.now();
    const id = newId(this.clock);
    const user = {
      id,
      username,
      password_hash: passwordHash,
      ...this.#oneTimeColumns(oneTime),
      version: 0,
      disabled_at: null,
      last_login_at: null,
      created_at: now,
      updated_at: now,
    };
    const skeleton = skeletonKey(username);
    const inserted =
      (await usersStore.insert(queries, user, skeleton)) ||
      (this.usernames !== 'distinct' && (await usersStore.insert(queries, user, null)));
    if (!inserted)
      throw (await usersStore.findByName(queries, username)) ? new Problem('username_taken') : looksTaken();
    await this.#setRoles(queries, id, roles);
    return id;
  }

  #refuseFaultyName(username: string): void {
    const fault = usernameFault(username, this.usernames);
    if (fault !== undefined) throw new Problem('validation_failed', { errors: { username: fault } });
  }

  /** What a new name changes of a user. */
  async #renamed(
    queries: Queries,
    id: string,
    username: string,
  ): Promise<{ readonly username: string; readonly username_skeleton: string | null }> {
    const skeleton = skeletonKey(username);
    const isAlike = await usersStore.isAlike(queries, skeleton, id);
    if (!isAlike) return { username, username_skeleton: skeleton };
    const holder = await usersStore.findByName(queries, username);
    if (this.usernames === 'distinct' && (!holder || holder.id === id)) throw looksTaken();
    return { username, username_skeleton: null };
  }

  async #updateRow(
    queries: Queries,
    id: string,
    now: number,
    changes: Parameters<typeof usersStore.update>[3],
  ): Promise<void> {
    try {
      await usersStore.update(queries, id, now, changes);
    } catch (error) {
      if (violatesUnique(error)) throw new Problem('username_taken', { cause: error });
      throw error;
    }
  }

  /**
   * @param sizeBefore of the rights that the user had: where they were too many already, they may become fewer.
   * @throws {Problem} `validation_failed` for more than an access token can carry.
   */
  async #setRoles(queries: Queries, id: string, roles: readonly string[], sizeBefore = 0): Promise<void> {
    const [missing] = await rolesStore.missing(queries, roles);
    if (missing !== undefined) throw noSuchRole(missing);
    await usersStore.setRoles(queries, id, [...new Set(roles)]);
    await countersStore.raise(queries, 'rights');
    const size = sizeOf(found(await usersStore.find(queries, id)));
    if (size > this.tokens.rightsCapacity && size >= sizeBefore) {
      throw new Problem('validation_failed', {
        errors: { roles: `permit ${tooManyRights(size, this.tokens)}` },
      });
    }
  }
}

/** 120 random bits, in characters that a person can copy. */
export function oneTimePassword(): string {
  return randomBytes(15).toString('base64url');
}

function found<T>(user: T | undefined): T {
  if (user === undefined) throw new Problem('user_not_found');
  return user;
}

function sizeOf({ roles, permissions }: UserWithRoles): number {
  return rightsSize(words(roles), words(permissions));
}

function looksTaken(): Problem {
  return new Problem('username_taken', {
    detail: 'Another user’s name looks like this one. Choose one that nobody takes for it.',
  });
}

function noSuchRole(name: string): Problem {
  return new Problem('validation_failed', { errors: { roles: `there is no role "${name}"` } });
}

async function refuseNoAdministrators(queries: Queries): Promise<void> {
  if (!(await usersStore.hasAdministrator(queries))) throw new Problem('last_administrator');
}

/** @throws {Problem} `validation_failed`, with the reason under the field's name. */
export async function refuseFaultyPassword(field: string, password: string, username: string): Promise<void> {
  const fault = await passwordFault(password, username);
  if (fault !== undefined) throw new Problem('validation_failed', { errors: { [field]: fault } });
}
