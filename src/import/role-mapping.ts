import type { Queries } from '../database/database.js';
import { administratorRole } from '../roles/administrator-role.js';
import { parseScope } from '../roles/rights.js';
import { rolesStore } from '../roles/roles.store.js';
import {
  computeRightsSize,
  describeTooManyRights,
  type RightsCapacity,
} from '../tokens/access-token-size.js';
import type { ImportOptions } from './import-options.js';
import { FieldError } from './foreign-user.js';

const roleName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

interface MappedRoles {
  readonly roles: readonly string[];
  /** Of these, those that have to be made. */
  readonly missing: readonly string[];
  /** A role that nobody has said what to do with, or more rights than a token has room for. */
  readonly errors: readonly string[];
}

/** Which roles users get here for those that they have there. */
export class RoleMapping {
  /** Role → its permissions. */
  readonly #known: Map<string, readonly string[]>;
  readonly #checked = new Set<string>();

  private constructor(
    known: Map<string, readonly string[]>,
    private readonly options: Pick<ImportOptions, 'roles' | 'unknownRoles' | 'source'>,
    private readonly tokens: RightsCapacity,
  ) {
    this.#known = known;
  }

  static async read(
    queries: Queries,
    options: Pick<ImportOptions, 'roles' | 'unknownRoles' | 'source'>,
    tokens: RightsCapacity,
  ): Promise<RoleMapping> {
    const roles = await rolesStore.list(queries);
    return new RoleMapping(
      new Map(roles.map(({ name, permissions }) => [name, parseScope(permissions)])),
      options,
      tokens,
    );
  }

  map(given: readonly string[]): MappedRoles {
    const mapped = new Set<string>();
    const errors = new Set<string>();
    for (const name of given) {
      try {
        for (const role of this.#mapOne(name)) mapped.add(role);
      } catch (error) {
        if (!(error instanceof FieldError)) throw error;
        errors.add(error.message);
      }
    }
    const roles = [...mapped].sort();
    const tooMany = errors.size === 0 ? this.#findTooMany(roles) : undefined;
    return {
      roles,
      missing: roles.filter((role) => !this.#known.has(role)),
      errors: tooMany === undefined ? [...errors] : [tooMany],
    };
  }

  /** Counts roles as made, which the caller is about to do. @returns them. */
  addMissing(names: readonly string[]): readonly string[] {
    for (const name of names) this.#known.set(name, []);
    return names;
  }

  /** @throws {FieldError} for a role that nobody has said what to do with. */
  #mapOne(name: string): string[] {
    const wanted = this.options.roles.get(name) ?? name;
    if (wanted === '') return [];
    // What another application calls so must not manage this service by accident.
    if (wanted === administratorRole && !this.options.roles.has(name)) {
      throw new FieldError(
        `the role "${name}" is that of this service's administrators: say what it becomes (--role ${name}=${name}, or --role ${name}=another, or --role ${name}= for none)`,
      );
    }
    if (this.#known.has(wanted)) return [wanted];
    if (this.options.unknownRoles === 'ignore') return [];
    if (this.options.unknownRoles === 'create' && roleName.test(wanted)) return [wanted];
    throw new FieldError(
      roleName.test(wanted)
        ? `there is no role "${wanted}": make it first, map it (--role ${name}=another), or give --create-roles or --ignore-roles`
        : `"${wanted}" cannot be the name of a role: map it (--role "${name}=another")`,
    );
  }

  #findTooMany(roles: readonly string[]): string | undefined {
    const key = roles.join(' ');
    if (this.#checked.has(key)) return undefined;
    const permissions = new Set(roles.flatMap((role) => this.#known.get(role) ?? []));
    const size = computeRightsSize(roles, [...permissions]);
    if (size > this.tokens.rightsCapacity) {
      return `the roles ${key} permit ${describeTooManyRights(size, this.tokens)}`;
    }
    this.#checked.add(key);
    return undefined;
  }
}
