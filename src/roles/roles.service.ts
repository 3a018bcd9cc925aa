import { setTimeout as wait } from 'node:timers/promises';
import { serviceActor, type Actor } from '../audit/actor.js';
import { auditStore, describeChanges, type AuditDetails, type AuditTarget } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import { countersStore } from '../database/counters.store.js';
import type { Database, Queries } from '../database/database.js';
import { validateFreeform } from '../text/freeform-text.js';
import { Problem, retryLater } from '../problems/problem.js';
import type { SubjectVersions } from '../revocations/subject-versions.js';
import { describeTooManyRights, type RightsCapacity } from '../tokens/access-token-size.js';
import { parseScope } from './rights.js';
import { administratorRole } from './administrator-role.js';
import { computeMaxRights, computeRoleSize, findMaxGrownRights, removeDeletedRole } from './role-holders.js';
import { rolesStore, type StoredRole } from './roles.store.js';

export type { StoredRole };

/**
 * How often a change looks at the holders again after concurrent changes: each of those has committed, so that as many at once
 * as this all succeed.
 */
const maxAttempts = 20;
/** Maxima of the random waits between them, in milliseconds: of the first, which doubles each time, and of all. */
const firstWait = 5;
const maxWait = 200;

interface RoleContents {
  readonly description: string;
  readonly permissions: readonly string[];
}

/**
 * Manages roles. A change takes effect on its holders' next request: they have to refresh, and get the new rights. For how
 * that works with any number of holders, see `roles-version.ts`.
 */
export class RolesService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly versions: SubjectVersions,
    private readonly tokens: RightsCapacity,
  ) {}

  list(): Promise<StoredRole[]> {
    return rolesStore.list(this.database.queries);
  }

  /**
   * Creates or replaces a role.
   * @throws {Problem} `role_protected`; `validation_failed` for permissions that do not fit into a token; `busy`.
   */
  async put(
    name: string,
    contents: RoleContents,
    actor: Actor,
  ): Promise<{ readonly role: StoredRole; readonly created: boolean }> {
    const now = this.clock.now();
    const role = {
      name,
      description: contents.description,
      permissions: parseScope(contents.permissions.join(' ')).join(' '),
      built_in: 0,
      created_at: now,
      updated_at: now,
    };
    const size = computeRoleSize(role);
    if (size > this.tokens.rightsCapacity) throw this.#createTooManyRightsProblem('are', size);
    for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
      if (attempt > 1) await wait(Math.random() * Math.min(firstWait * 2 ** (attempt - 2), maxWait));
      // Its deletion was interrupted, or is still in progress.
      if (await rolesStore.isDeleted(this.database.queries, name))
        await removeDeletedRole(this.database, name);
      const done = await this.#put(role, actor);
      if (done) return done;
    }
    throw retryLater('busy', 1, { detail: 'Too many concurrent changes of roles. Try again.' });
  }

  /** @returns undefined where rights have changed in the meantime, so that the holders must be looked at again. */
  async #put(
    role: StoredRole,
    actor: Actor,
  ): Promise<{ readonly role: StoredRole; readonly created: boolean } | undefined> {
    const { name } = role;
    const rights = await countersStore.read(this.database.queries, 'rights');
    const { rightsCapacity } = this.tokens;
    const known = await rolesStore.find(this.database.queries, name);
    if (role.description !== known?.description) refuseInvalidDescription(role.description);
    const largest = known ? await findMaxGrownRights(this.database, known, role, rightsCapacity) : 0;
    const done = await this.database.transaction(async (transaction) => {
      await rolesStore.lockRights(transaction);
      if (await rolesStore.isDeleted(transaction, name)) return undefined;
      if (await rolesStore.insert(transaction, role)) {
        await countersStore.increment(transaction, 'rights');
        await auditStore.add(transaction, this.clock, {
          event: 'role_created',
          actor,
          target: toTarget(role),
          details: describeRole(role),
        });
        return { role, created: true, revoked: [] };
      }
      const before = await rolesStore.find(transaction, name);
      refuseBuiltIn(before);
      const isOutdated = (await countersStore.read(transaction, 'rights')) !== rights;
      if (isOutdated && (await computeMaxRights(transaction, role)) > rightsCapacity) return undefined;
      // Raised only by actual changes, so that other transactions do not have to look at the holders again.
      await countersStore.increment(transaction, 'rights');
      if (!isOutdated && largest > rightsCapacity) {
        throw this.#createTooManyRightsProblem('are together with the other roles of a holder', largest);
      }
      await rolesStore.update(transaction, role);
      await this.#auditUpdate(transaction, before, role, actor);
      return {
        role: { ...role, created_at: before?.created_at ?? role.created_at },
        created: false,
        revoked:
          before?.permissions === role.permissions
            ? []
            : await this.versions.increment(transaction, { role: name }),
      };
    });
    if (!done) return undefined;
    const { revoked, ...result } = done;
    this.versions.apply(revoked);
    return result;
  }

  /** @throws {Problem} `role_not_found`, `role_protected`. */
  async delete(name: string, actor: Actor): Promise<void> {
    const revoked = await this.database.transaction(async (transaction) => {
      await rolesStore.lockRights(transaction);
      const role = await rolesStore.find(transaction, name);
      if (!role) throw new Problem('role_not_found');
      refuseBuiltIn(role);
      await countersStore.increment(transaction, 'rights');
      const rows = await this.versions.increment(transaction, { role: name });
      await rolesStore.delete(transaction, name, this.clock.now());
      await auditStore.add(transaction, this.clock, {
        event: 'role_deleted',
        actor,
        target: toTarget(role),
        details: describeRole(role),
      });
      return rows;
    });
    this.versions.apply(revoked);
    await removeDeletedRole(this.database, name);
  }

  async #auditUpdate(
    transaction: Queries,
    before: StoredRole | undefined,
    role: StoredRole,
    actor: Actor,
  ): Promise<void> {
    const details = describeChanges(before ? describeRole(before) : {}, describeRole(role));
    if (Object.keys(details).length === 0) return;
    await auditStore.add(transaction, this.clock, {
      event: 'role_updated',
      actor,
      target: toTarget(role),
      details,
    });
  }

  #createTooManyRightsProblem(what: string, size: number): Problem {
    return new Problem('validation_failed', {
      errors: { permissions: `${what} ${describeTooManyRights(size, this.tokens)}` },
    });
  }

  /**
   * Gives the administrators' role every permission in the contract. Runs at each start: there may be new operations.
   */
  async grantAdministrators(permissions: readonly string[]): Promise<void> {
    const revoked = await this.database.withExclusiveLock(async (transaction) => {
      const now = this.clock.now();
      const role = {
        name: administratorRole,
        description: 'Holds every permission that the contract names.',
        permissions: parseScope(permissions.join(' ')).join(' '),
        built_in: 1,
        created_at: now,
        updated_at: now,
      };
      if (await rolesStore.insert(transaction, role)) {
        await auditStore.add(transaction, this.clock, {
          event: 'role_created',
          actor: serviceActor,
          target: toTarget(role),
          details: describeRole(role),
        });
        return [];
      }
      const before = await rolesStore.find(transaction, administratorRole);
      if (before?.permissions === role.permissions) return [];
      await countersStore.increment(transaction, 'rights');
      await rolesStore.update(transaction, role);
      await this.#auditUpdate(transaction, before, role, serviceActor);
      return this.versions.increment(transaction, { role: administratorRole });
    });
    this.versions.apply(revoked);
  }
}

function toTarget({ name }: StoredRole): AuditTarget {
  return { kind: 'role', id: name, name };
}

/** What the audit says of a role. */
function describeRole({ description, permissions }: StoredRole): AuditDetails {
  return { description, permissions: parseScope(permissions) };
}

function refuseInvalidDescription(description: string): void {
  const error = validateFreeform(description);
  if (error !== undefined) throw new Problem('validation_failed', { errors: { description: error } });
}

function refuseBuiltIn(role: StoredRole | undefined): void {
  if (role?.built_in === 1) throw new Problem('role_protected');
}
