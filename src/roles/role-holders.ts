import { runInBatches, rowsPerBatch } from '../database/batches.js';
import type { Database, Queries } from '../database/database.js';
import { nextTurn } from '../event-loop.js';
import { computeRightsSize } from '../tokens/access-token-size.js';
import { parseScope } from './rights.js';
import { rolesStore, type StoredRole } from './roles.store.js';

type RoleRights = Pick<StoredRole, 'name' | 'permissions'>;

/** Many holders share their set of roles: this number of sets is cached. Only buys speed. */
const maxSets = 10_000;

/**
 * The maximum size of rights (`computeRightsSize`) among the holders whose rights a change of the role would enlarge; 0 if
 * there are none. Holders may be many: they are read in pages outside of transactions, and only if the roles alone do not
 * show that no holder can exceed the capacity.
 * @param capacity the maximum size of a user's rights.
 */
export async function findMaxGrownRights(
  { queries }: Database,
  before: RoleRights,
  after: RoleRights,
  capacity: number,
): Promise<number> {
  const { name } = after;
  const upperBound = await computeMaxRights(queries, after);
  if (upperBound <= capacity) return upperBound;
  const permissions = new Map<string, string>();
  const seen = new Set<string>();
  let largest = 0;
  for (let last = ''; ;) {
    const page = await rolesStore.listOtherRolesOfHolders(queries, name, {
      after: last,
      limit: rowsPerBatch,
    });
    const sets = new Set(page.map(({ roles }) => parseScope(roles).join(' ')));
    const unknown = [...sets].filter((set) => !seen.has(set));
    const names = [...new Set(unknown.flatMap(parseScope))].filter((role) => !permissions.has(role));
    for (const [role, given] of await rolesStore.findPermissions(queries, names))
      permissions.set(role, given);
    if (seen.size > maxSets) seen.clear();
    for (const set of unknown) {
      const others = parseScope(set);
      const computeSizeWith = (role: RoleRights): number =>
        computeRightsSize(
          [...others, name],
          parseScope([role.permissions, ...others.map((other) => permissions.get(other) ?? '')].join(' ')),
        );
      const size = computeSizeWith(after);
      seen.add(set);
      if (size > largest && size > computeSizeWith(before)) largest = size;
    }
    const end = page.at(-1);
    if (!end || page.length < rowsPerBatch) return largest;
    last = end.id;
    await nextTurn();
  }
}

/** An upper bound of what a holder of the role can have, which is known without a look at the holders: all roles together. */
export async function computeMaxRights(queries: Queries, role: RoleRights): Promise<number> {
  return computeRoleSize(role) + (await rolesStore.sumOtherSizes(queries, role.name));
}

/** The size of the rights of one role. */
export function computeRoleSize({ name, permissions }: RoleRights): number {
  return computeRightsSize([name], parseScope(permissions));
}

/** Removes a deleted role from its holders, and then its row. */
export async function removeDeletedRole(database: Database, name: string): Promise<void> {
  await runInBatches(database, (transaction, limit) => rolesStore.removeFromSome(transaction, name, limit));
}

/** Completes deletions that were interrupted. */
export async function finishDeletions(database: Database): Promise<void> {
  for (const name of await rolesStore.listDeleted(database.queries)) await removeDeletedRole(database, name);
}
