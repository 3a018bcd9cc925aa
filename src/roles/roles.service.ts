import { auditStore, type Actor } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Database } from '../database/open-database.js';
import { Problem } from '../problems/problem.js';
import type { Revocations } from '../tokens/revocations.js';
import type { SubjectVersions } from '../tokens/subject-versions.js';
import { rightsSize, tooManyRights, type RightsCapacity } from '../tokens/access-token-size.js';
import { words } from '../users/accounts.js';
import { administratorRole } from '../users/users.store.js';
import { rolesStore, type StoredRole } from './roles.store.js';

interface RoleContents {
  readonly description: string;
  readonly permissions: readonly string[];
}

/**
 * Roles. What changes of one reaches its holders' very next request: they refresh, and have the new rights. A role may
 * have any number of holders, so its changes may take long.
 */
export class RolesService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly versions: SubjectVersions,
    private readonly revocations: Revocations,
    private readonly tokens: RightsCapacity,
  ) {}

  list(): Promise<StoredRole[]> {
    return rolesStore.list(this.database.queries);
  }

  /**
   * Makes a role, or replaces what it says.
   * @throws {Problem} `role_protected`; `validation_failed` for more permissions than a token can carry.
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
      permissions: words(contents.permissions.join(' ')).join(' '),
      built_in: 0,
      created_at: now,
      updated_at: now,
    };
    const size = sizeOf(role);
    if (size > this.tokens.rightsCapacity) throw this.#tooMuch('are', size);
    const { revoked, ...result } = await this.database.atLength.transaction(async (transaction) => {
      await rolesStore.lockRights(transaction);
      if (await rolesStore.insert(transaction, role)) {
        await auditStore.addChange(transaction, this.clock, { event: 'role_created', target: name }, actor);
        return { role, created: true, revoked: [] };
      }
      const before = await rolesStore.find(transaction, name);
      refuseBuiltIn(before);
      await rolesStore.update(transaction, role);
      // What takes no more room than before is let through, whatever there is beside it.
      if (!before || size > sizeOf(before)) {
        const largest = await rolesStore.largestRightsOfHolders(transaction, name);
        if (largest > this.tokens.rightsCapacity) {
          throw this.#tooMuch('are together with the other roles of a holder', largest);
        }
      }
      await auditStore.addChange(transaction, this.clock, { event: 'role_updated', target: name }, actor);
      return {
        role: { ...role, created_at: before?.created_at ?? now },
        created: false,
        revoked:
          before?.permissions === role.permissions
            ? []
            : await this.versions.raise(transaction, { role: name }),
      };
    });
    this.revocations.apply(revoked);
    return result;
  }

  /** @throws {Problem} `role_not_found`, `role_protected`. */
  async delete(name: string, actor: Actor): Promise<void> {
    const revoked = await this.database.atLength.transaction(async (transaction) => {
      await rolesStore.lockRights(transaction);
      const role = await rolesStore.find(transaction, name);
      if (!role) throw new Problem('role_not_found');
      refuseBuiltIn(role);
      const rows = await this.versions.raise(transaction, { role: name });
      await rolesStore.delete(transaction, name);
      await auditStore.addChange(transaction, this.clock, { event: 'role_deleted', target: name }, actor);
      return rows;
    });
    this.revocations.apply(revoked);
  }

  #tooMuch(what: string, size: number): Problem {
    return new Problem('validation_failed', {
      errors: { permissions: `${what} ${tooManyRights(size, this.tokens)}` },
    });
  }

  /**
   * Gives the administrators' role every permission that the contract names; a new operation's are there after
   * the next start.
   */
  async grantAdministrators(permissions: readonly string[]): Promise<void> {
    const revoked = await this.database.exclusively(async (transaction) => {
      const now = this.clock.now();
      const role = {
        name: administratorRole,
        description: 'Holds every permission that the contract names.',
        permissions: words(permissions.join(' ')).join(' '),
        built_in: 1,
        created_at: now,
        updated_at: now,
      };
      if (await rolesStore.insert(transaction, role)) return [];
      const before = await rolesStore.find(transaction, administratorRole);
      if (before?.permissions === role.permissions) return [];
      await rolesStore.update(transaction, role);
      return this.versions.raise(transaction, { role: administratorRole });
    });
    this.revocations.apply(revoked);
  }
}

function sizeOf({ name, permissions }: Pick<StoredRole, 'name' | 'permissions'>): number {
  return rightsSize([name], words(permissions));
}

function refuseBuiltIn(role: StoredRole | undefined): void {
  if (role?.built_in === 1) throw new Problem('role_protected');
}
