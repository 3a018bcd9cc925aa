import { sql, type Kysely } from 'kysely';
import { Migrator, type Migration, type MigrationResultSet } from 'kysely/migration';
import { StartError } from '../start-error.js';
import { DatabaseUnavailable } from './database-unavailable.js';
import { acceptFingerprints, findEdited, noteFingerprints } from './migration-fingerprints.js';
import { findVersion, hasTable, migrationVersionsTable, noteVersion } from './migration-versions.js';
import type { MigrationContext, ProjectMigrations } from './migrations/context.js';
import { createMigrationProvider } from './migrations/index.js';
import { assertInOrder, assertUnedited, createFailure } from './project-migrations.js';
import type { Schema } from './schema.js';
import { runSupervised } from './supervised-migration.js';

const ownMigrationTable = 'kysely_migration';
/** Where a project's own migrations are noted, apart from Latchkey's: each has its own numbers. */
export const projectMigrationTable = 'project_migration';
export const projectLockTable = 'project_migration_lock';

type Queries = Kysely<Schema>;

interface HasQueries {
  readonly queries: Queries;
  readonly dialect: MigrationContext['dialect'];
}

type Dialect = MigrationContext['dialect'];

export interface MigrateOptions {
  /** Latchkey's own version, which is noted for the migrations that run now. */
  readonly version?: string;
  /** The last of Latchkey's migrations to run, for tests; then none of the project's runs. */
  readonly upTo?: string;
  /** Run after Latchkey's. */
  readonly project?: ProjectMigrations;
  /** Takes those of the project that were edited after they had run as they are now. */
  readonly acceptEdited?: boolean;
}

/** Names of migrations, in order. */
export interface Migrations {
  readonly latchkey: readonly string[];
  readonly project: readonly string[];
}

/**
 * Runs Latchkey's migrations, then the project's. On both databases each of the two runs is one transaction; on PostgreSQL
 * both take Kysely's lock, which is one for all tables of migrations: of replicas that start together, one migrates.
 * @returns those that ran now.
 * @throws {StartError} where a newer version has migrated the database, or a migration of the project fails.
 */
export async function runMigrations(
  queries: Queries,
  context: MigrationContext,
  { upTo, version, project = {}, acceptEdited = false }: MigrateOptions,
): Promise<Migrations> {
  const provider = createMigrationProvider(context);
  const names = Object.keys(await provider.getMigrations());
  await assertKnown(queries, context, { table: ownMigrationTable, names, version });
  const migrator = new Migrator({ db: queries, provider });
  const result = await (upTo === undefined ? migrator.migrateToLatest() : migrator.migrateTo(upTo));
  throwFailure(result);
  const latchkey = listNames(result);
  if (version !== undefined) await noteVersion(queries, latchkey, version);
  if (upTo !== undefined) return { latchkey, project: [] };
  return { latchkey, project: await runProjectMigrations(queries, context, { project, acceptEdited }) };
}

/**
 * The migrations that `runMigrations` would run. Changes nothing.
 * @throws {StartError} as that does, where it can be known before.
 */
export async function findPendingMigrations(
  queries: Queries,
  context: MigrationContext,
  { version, project = {} }: MigrateOptions,
): Promise<Migrations> {
  const names = Object.keys(await createMigrationProvider(context).getMigrations());
  const ran = await assertKnown(queries, context, { table: ownMigrationTable, names, version });
  const ownNames = Object.keys(project).sort();
  const ownRan = await assertKnown(queries, context, { table: projectMigrationTable, names: ownNames });
  assertInOrder(ownNames, ownRan);
  assertUnedited(await findEdited(queries, context, project), project);
  return {
    latchkey: names.filter((name) => !ran.includes(name)),
    project: ownNames.filter((name) => !ownRan.includes(name)),
  };
}

function listNames({ results = [] }: MigrationResultSet): string[] {
  return results.filter(({ status }) => status === 'Success').map(({ migrationName }) => migrationName);
}

async function runProjectMigrations(
  queries: Queries,
  context: MigrationContext,
  { project, acceptEdited }: Required<Pick<MigrateOptions, 'project' | 'acceptEdited'>>,
): Promise<string[]> {
  const names = Object.keys(project).sort();
  const ran = await assertKnown(queries, context, { table: projectMigrationTable, names });
  assertInOrder(names, ran);
  if (acceptEdited) await acceptFingerprints(queries, ran, project);
  assertUnedited(await findEdited(queries, context, project), project);
  if (names.length === 0) return [];
  const migrator = new Migrator({
    db: queries,
    provider: { getMigrations: () => Promise.resolve(bind(project, context)) },
    migrationTableName: projectMigrationTable,
    migrationLockTableName: projectLockTable,
  });
  const result = await migrator.migrateToLatest();
  const { error, results = [] } = result;
  const failed = results.find(({ status }) => status === 'Error');
  if (error === undefined || error instanceof DatabaseUnavailable || !failed) throwFailure({ error });
  else throw createFailure(failed.migrationName, error);
  // Also of those that an earlier version has run.
  await noteFingerprints(queries, names, project);
  return listNames(result);
}

/**
 * Runs what has not run yet, without notes of it: for a transaction that is rolled back, to see what would come of it.
 */
export async function previewMigrations(
  transaction: Queries,
  context: MigrationContext,
  project: ProjectMigrations,
): Promise<void> {
  const own = await createMigrationProvider(context).getMigrations();
  for (const [table, migrations] of [
    [ownMigrationTable, own],
    [projectMigrationTable, bind(project, context)],
  ] as const) {
    const ran = await readNames(transaction, context.dialect, table);
    for (const name of Object.keys(migrations).sort())
      if (!ran.includes(name)) await migrations[name]?.up(transaction);
  }
}

function bind(project: ProjectMigrations, context: MigrationContext): Record<string, Migration> {
  return Object.fromEntries(
    Object.entries(project).map(([name, migration]) => [
      name,
      { up: (db) => runSupervised(db as Queries, migration, context) },
    ]),
  );
}

interface KnownMigrations {
  readonly table: typeof ownMigrationTable | typeof projectMigrationTable;
  readonly names: readonly string[];
  /** This version. */
  readonly version?: string | undefined;
}

/** @returns the names of the migrations that have run, in order. @throws {StartError} where others have, too. */
async function assertKnown(
  queries: Queries,
  { dialect }: MigrationContext,
  { table, names, version }: KnownMigrations,
): Promise<readonly string[]> {
  const ran = await readNames(queries, dialect, table);
  const unknown = ran.filter((name) => !names.includes(name));
  if (unknown.length === 0) return ran;
  const found = `it has had ${unknown.map((name) => `"${name}"`).join(', ')}, which this version does not know`;
  if (table === projectMigrationTable) {
    throw new StartError(
      `A newer version of this project has migrated the database: ${found}. Run that version, or restore a backup from before (docs/rollback.md).`,
    );
  }
  const newer = (await hasTable(queries, dialect, migrationVersionsTable))
    ? await findVersion(queries, unknown)
    : undefined;
  throw new StartError(
    `A newer version of Latchkey has migrated the database${newer === undefined ? '' : `, ${newer}`}: ${found}${version === undefined ? '' : ` (${version})`}. Run ${newer === undefined ? 'that version' : `${newer} or a later one`}, or restore a backup from before (docs/rollback.md).`,
  );
}

/** Whether migrations of a project have ever run. */
export async function hasProjectMigrations({ queries, dialect }: HasQueries): Promise<boolean> {
  return (await readNames(queries, dialect, projectMigrationTable)).length > 0;
}

/** @returns the names in a table of migrations, in order; none where there is no such table. */
async function readNames(queries: Queries, dialect: Dialect, table: string): Promise<string[]> {
  if (!(await hasTable(queries, dialect, table))) return [];
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(table)} order by name`.execute(
    queries,
  );
  return rows.map(({ name }) => name);
}

function throwFailure({ error }: Pick<MigrationResultSet, 'error'>): void {
  if (error !== undefined) throw error instanceof Error ? error : new Error(JSON.stringify(error));
}
