import { setImmediate as nextTurn } from 'node:timers/promises';
import { runInBatches, rowsPerBatch } from '../database/batches.js';
import type { Database } from '../database/database.js';
import { computeRightsSize } from '../tokens/access-token-size.js';
import { parseScope } from './rights.js';
import { rolesStore, type StoredRole } from './roles.store.js';

type RoleRights = Pick<StoredRole, 'name' | 'permissions'>;

/** Most holders share their set of roles with others: so many sets are remembered as counted, and then forgotten. */
const maxSets = 10_000;

/**
 * The size of the rights (`rightsSize`) of the holder of a role who has most, of those whom a change of the role gives more
 * than before; 0 where there is none. There may be any number of holders: they are read outside of all transactions, in
 * pages, and only where it is not clear from the roles alone that nobody can have too many.
 * @param capacity as much as anybody may have.
 */
export async function findMaxGrownRights(
  { queries }: Database,
  before: RoleRights,
  after: RoleRights,
  capacity: number,
): Promise<number> {
  const { name } = after;
  const upperBound = roleSize(after) + (await rolesStore.sizeOfOthers(queries, name));
  if (upperBound <= capacity) return upperBound;
  const permissions = new Map<string, string>();
  const seen = new Set<string>();
  let largest = 0;
  for (let last = ''; ;) {
    const page = await rolesStore.otherRolesOfHolders(queries, name, { after: last, limit: rowsPerBatch });
    const sets = new Set(page.map(({ roles }) => parseScope(roles).join(' ')));
    const unknown = [...sets].filter((set) => !seen.has(set));
    const names = [...new Set(unknown.flatMap(parseScope))].filter((role) => !permissions.has(role));
    for (const [role, given] of await rolesStore.permissionsOf(queries, names)) permissions.set(role, given);
    if (seen.size > maxSets) seen.clear();
    for (const set of unknown) {
      const others = parseScope(set);
      const sizeWith = (role: RoleRights): number =>
        computeRightsSize(
          [...others, name],
          parseScope([role.permissions, ...others.map((other) => permissions.get(other) ?? '')].join(' ')),
        );
      const size = sizeWith(after);
      seen.add(set);
      if (size > largest && size > sizeWith(before)) largest = size;
    }
    const end = page.at(-1);
    if (!end || page.length < rowsPerBatch) return largest;
    last = end.id;
    await nextTurn();
  }
}

/** The size of what a role alone gives. */
export function roleSize({ name, permissions }: RoleRights): number {
  return computeRightsSize([name], parseScope(permissions));
}

/** Takes a role that was deleted from its holders, and removes what is left of it. */
export async function removeDeletedRole(database: Database, name: string): Promise<void> {
  await runInBatches(database, (transaction, limit) => rolesStore.removeFromSome(transaction, name, limit));
}

/** Goes on with the deletions that were begun, and interrupted. */
export async function finishDeletions(database: Database): Promise<void> {
  for (const name of await rolesStore.listDeleted(database.queries)) await removeDeletedRole(database, name);
}
