import { removeUnfinishedCopy } from '../database/copy-database.js';
import { CopyError } from '../database/copy-error.js';
import { readMark } from '../database/copy-mark.js';
import type { SqliteSnapshot } from '../database/copy-source.js';
import type { Database } from '../database/database.js';
import type { ProjectMigrations } from '../database/migrations/context.js';
import { planOwnTables, previewOwnTables, type OwnTable } from '../database/own-copy.js';
import type { SourceTable } from '../database/own-tables.js';
import { describeCause } from '../database/postgres-errors.js';
import { hasProjectMigrations } from '../database/run-migrations.js';
import { packageVersion } from '../server/package-version.js';
import { StartError } from '../start-error.js';

/** The tables of the project, as they are or will be in the target. Changes nothing. @throws {CopyError} */
export async function planTables(
  target: Database,
  snapshot: SqliteSnapshot,
  beginAgain: boolean,
  migrations: ProjectMigrations,
): Promise<OwnTable[]> {
  const source = snapshot.readOwnTables();
  const hasRows = (table: SourceTable): boolean => snapshot.hasOwnRows(table);
  return onTarget(async () => {
    await target.ping();
    // An unfinished copy keeps the schema that it was started with.
    return (await readMark(target.queries)) && !beginAgain
      ? planOwnTables(source, target.queries, hasRows)
      : previewOwnTables(source, target, migrations, hasRows);
  });
}

/** @returns whether the project's migrations run for this copy alone. */
export async function prepareTarget(
  target: Database,
  beginAgain: boolean,
  {
    migrations,
    ownTables,
  }: { readonly migrations: ProjectMigrations; readonly ownTables: readonly OwnTable[] },
): Promise<boolean> {
  return onTarget(async () => {
    if (beginAgain) await removeUnfinishedCopy(target, ownTables);
    if (await readMark(target.queries)) return false;
    const isNew = !(await hasProjectMigrations(target));
    await target.migrate({ version: packageVersion, project: migrations });
    return isNew;
  });
}

export async function onTarget<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof CopyError) throw cause;
    throw new StartError(`The target cannot be used (${describeCause(cause)}).`, { cause });
  }
}
