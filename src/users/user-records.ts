import type { Clock } from '../clock.js';
import { isUniqueViolation } from '../database/constraint-errors.js';
import { countersStore } from '../database/counters.store.js';
import type { Queries } from '../database/database.js';
import type { Outbox } from '../email/outbox.js';
import { safetyLinksStore } from '../email/safety-links.store.js';
import { createId } from '../ids.js';
import { Problem } from '../problems/problem.js';
import { parseScope } from '../roles/rights.js';
import { rolesStore } from '../roles/roles.store.js';
import {
  computeRightsSize,
  describeTooManyRights,
  type RightsCapacity,
} from '../tokens/access-token-size.js';
import { toUsernameKey } from '../usernames/username.js';
import { validateUsername, type UsernameRules } from '../usernames/username-rules.js';
import { computeSkeletonKey } from '../usernames/username-scripts.js';
import { toContactColumns, type ContactDetails } from './contact-details.js';
import { isAddressTaken } from './address-holders.js';
import { addressesStore } from './addresses.store.js';
import { tellFormerAddress } from './former-address.js';
import { usersStore, type ContactColumns, type UserWithRoles } from './users.store.js';

export interface UserOptions {
  readonly usernames: UsernameRules;
  readonly oneTime: {
    /** Lifetime of a one-time password in seconds. */
    readonly lifetime: number;
    /** Whether passwords that administrators set are one-time passwords by default. */
    readonly byDefault: boolean;
  };
}

interface NewRecord {
  readonly username: string;
  readonly passwordHash: string;
  readonly roles: readonly string[];
  readonly contact?: ContactDetails | undefined;
  /** Undefined: the default of the settings. */
  readonly oneTime: boolean | undefined;
}

/** Writes users as part of larger changes, with checks: names must not look alike, and roles must fit into a token. */
export class UserRecords {
  /** @param removeDeleted removes the rows of a user who was deleted. */
  constructor(
    private readonly clock: Clock,
    private readonly tokens: RightsCapacity,
    private readonly options: UserOptions,
    readonly removeDeleted: (id: string) => Promise<void>,
    private readonly outbox: Outbox,
  ) {}

  /** @param oneTime whether the password is a one-time password; undefined: the default of the settings. */
  createOneTimeColumns(oneTime: boolean | undefined) {
    const { lifetime, byDefault } = this.options.oneTime;
    return (oneTime ?? byDefault)
      ? { password_one_time: 1, one_time_expires_at: this.clock.now() + lifetime * 1000 }
      : { password_one_time: 0, one_time_expires_at: null };
  }

  /**
   * @returns the id.
   * @throws {Problem} `username_taken`, `email_taken`; `validation_failed` for an unknown role, or too many, or for what is no
   *   address.
   */
  async insert(queries: Queries, record: NewRecord): Promise<string> {
    const { username, passwordHash, roles, oneTime } = record;
    const now = this.clock.now();
    const id = createId(this.clock);
    const user = {
      id,
      username,
      password_hash: passwordHash,
      ...this.createOneTimeColumns(oneTime),
      version: 0,
      disabled_at: null,
      last_login_at: null,
      ...toContactColumns(record.contact ?? {}, now),
      created_at: now,
      updated_at: now,
    };
    await this.#refuseTakenAddress(queries, id, user);
    await this.#refuseForeignAddress(queries, id, username);
    const skeleton = computeSkeletonKey(username);
    const inserted =
      (await usersStore.insert(queries, user, skeleton)) ||
      (this.options.usernames !== 'distinct' && (await usersStore.insert(queries, user, null)));
    if (!inserted) {
      if (await usersStore.findByName(queries, username)) throw new Problem('username_taken');
      // Another user has got it since it was looked for.
      await this.#refuseTakenAddress(queries, id, user);
      throw createSimilarNameProblem();
    }
    await this.setRoles(queries, id, roles);
    return id;
  }

  /** @throws {Problem} `validation_failed`. */
  refuseInvalidName(username: string): void {
    const error = validateUsername(username, this.options.usernames);
    if (error !== undefined) throw new Problem('validation_failed', { errors: { username: error } });
  }

  /** @throws {Problem} `username_taken`; `validation_failed`. */
  async refuseTakenName(queries: Queries, username: string): Promise<void> {
    this.refuseInvalidName(username);
    if (await usersStore.findByName(queries, username)) throw new Problem('username_taken');
    await this.rename(queries, '', username);
  }

  /** @returns the columns to update for a new name. @throws {Problem} `username_taken`. */
  async rename(
    queries: Queries,
    id: string,
    username: string,
  ): Promise<{ readonly username: string; readonly username_skeleton: string | null }> {
    await this.#refuseForeignAddress(queries, id, username);
    const skeleton = computeSkeletonKey(username);
    const isAlike = await usersStore.hasSimilarName(queries, skeleton, id);
    if (!isAlike) return { username, username_skeleton: skeleton };
    const holder = await usersStore.findByName(queries, username);
    if (this.options.usernames === 'distinct' && (!holder || holder.id === id))
      throw createSimilarNameProblem();
    return { username, username_skeleton: null };
  }

  /** @throws {Problem} `username_taken`, `email_taken`. */
  async update(
    queries: Queries,
    id: string,
    now: number,
    changes: Parameters<typeof usersStore.update>[3],
  ): Promise<void> {
    await this.#refuseTakenAddress(queries, id, changes);
    try {
      await usersStore.update(queries, id, now, changes);
    } catch (error) {
      if (isUniqueViolation(error)) throw new Problem('username_taken', { cause: error });
      throw error;
    }
  }

  /**
   * Tells the address that somebody else than the user took from the account. Links that it was sent stop working: such as
   * where the mailbox itself is in wrong hands. So they do where the address is not verified any more.
   */
  async leaveAddress(queries: Queries, before: UserWithRoles, after: UserWithRoles): Promise<void> {
    const isDoubted = losesVerification(before, after);
    const isLeft = !isSameAddress(before, after);
    if (isLeft || isDoubted) await safetyLinksStore.deleteAll(queries, before.id);
    if (!isLeft) return;
    await tellFormerAddress(queries, { outbox: this.outbox, clock: this.clock }, before, null);
  }

  /** Another user has it, or has it as the name to log in with. @throws {Problem} `email_taken`. */
  async #refuseTakenAddress(queries: Queries, id: string, { email_key: key }: ContactColumns): Promise<void> {
    if (key === undefined || key === null) return;
    if (await isAddressTaken(queries, key, id)) throw new Problem('email_taken');
  }

  /** A name that is another user's address would be in the way of that user's logins. @throws {Problem} `username_taken`. */
  async #refuseForeignAddress(queries: Queries, id: string, username: string): Promise<void> {
    if (await addressesStore.hasHolder(queries, toUsernameKey(username), id))
      throw new Problem('username_taken');
  }

  /**
   * @param before the user with the previous rights: where those were too large already, they may become smaller.
   * @throws {Problem} `validation_failed` for rights that do not fit into an access token.
   */
  async setRoles(
    queries: Queries,
    id: string,
    roles: readonly string[],
    before?: UserWithRoles,
  ): Promise<void> {
    const [missing] = await rolesStore.findMissing(queries, roles);
    if (missing !== undefined) throw createMissingRoleProblem(missing);
    await usersStore.setRoles(queries, id, [...new Set(roles)]);
    await countersStore.increment(queries, 'rights');
    const size = getRightsSize(requireUser(await usersStore.find(queries, id)));
    if (size > this.tokens.rightsCapacity && size >= (before ? getRightsSize(before) : 0)) {
      throw new Problem('validation_failed', {
        errors: { roles: `permit ${describeTooManyRights(size, this.tokens)}` },
      });
    }
  }
}

type Address = Pick<UserWithRoles, 'email' | 'email_verified_at'>;

/** Whether an address stays that was known to be the user's, and is not any more. */
export function losesVerification(before: Address, after: Address): boolean {
  const isLost = before.email_verified_at !== null && after.email_verified_at === null;
  return isLost && isSameAddress(before, after);
}

function isSameAddress(before: Address, after: Address): boolean {
  return before.email?.toLowerCase() === after.email?.toLowerCase();
}

/** @throws {Problem} `user_not_found`. */
export function requireUser<T>(user: T | undefined): T {
  if (user === undefined) throw new Problem('user_not_found');
  return user;
}

function getRightsSize({ roles, permissions }: UserWithRoles): number {
  return computeRightsSize(parseScope(roles), parseScope(permissions));
}

function createSimilarNameProblem(): Problem {
  return new Problem('username_taken', {
    detail: 'Another user’s name looks like this one. Choose a name that looks different.',
  });
}

function createMissingRoleProblem(name: string): Problem {
  return new Problem('validation_failed', { errors: { roles: `there is no role "${name}"` } });
}
