import { setImmediate as nextTurn } from 'node:timers/promises';
import { inBatches, rowsPerBatch } from '../database/batches.js';
import type { Database } from '../database/database.js';
import { rolesStore } from './roles.store.js';

/**
 * The size of the rights (`rightsSize`) of the role's holder who has most, with those that the role is to have; what two
 * roles permit counts twice. There may be any number of holders: they are read outside of all transactions, in
 * pages, and only where it is not clear from the roles alone that nobody can have too many.
 */
export async function largestRightsOfHolders(
  { queries }: Database,
  name: string,
  { own, enough }: { readonly own: number; readonly enough: number },
): Promise<number> {
  const most = own + (await rolesStore.sizeOfOthers(queries, name));
  if (most <= enough) return most;
  let largest = 0;
  for (let after = ''; ;) {
    const page = await rolesStore.sizesOfHolders(queries, name, { after, limit: rowsPerBatch });
    for (const { size } of page) largest = Math.max(largest, size + own);
    const last = page.at(-1);
    if (!last || page.length < rowsPerBatch) return largest;
    after = last.id;
    await nextTurn();
  }
}

/** Takes a role that was deleted from its holders, and removes what is left of it. */
export async function removeDeletedRole(database: Database, name: string): Promise<void> {
  await inBatches(database, (transaction, limit) => rolesStore.removeFromSome(transaction, name, limit));
}

/** Goes on with the deletions that were begun, and interrupted. */
export async function finishDeletions(database: Database): Promise<void> {
  for (const name of await rolesStore.listDeleted(database.queries)) await removeDeletedRole(database, name);
}
