import { sql, type Kysely } from 'kysely';
import { Migrator, type Migration, type MigrationResultSet } from 'kysely/migration';
import { StartError } from '../start-error.js';
import { DatabaseUnavailable } from './database-unavailable.js';
import { findVersion, hasTable, migrationVersionsTable, noteVersion } from './migration-versions.js';
import type { MigrationContext, ProjectMigrations } from './migrations/context.js';
import { createMigrationProvider } from './migrations/index.js';
import type { Schema } from './schema.js';

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
  { upTo, version, project = {} }: MigrateOptions,
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
  return { latchkey, project: await runProjectMigrations(queries, context, project) };
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
  project: ProjectMigrations,
): Promise<string[]> {
  const names = Object.keys(project).sort();
  const ran = await assertKnown(queries, context, { table: projectMigrationTable, names });
  assertInOrder(names, ran);
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
  if (error === undefined || error instanceof DatabaseUnavailable || !failed) {
    throwFailure({ error });
    return listNames(result);
  }
  throw new StartError(
    `The project's migration "${failed.migrationName}" failed (${messageOf(error)}). Nothing that it or another one was to change has changed: correct it, and start again.`,
    { cause: error },
  );
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
    Object.entries(project).map(([name, migration]) => [name, { up: (db) => migration.up(db, context) }]),
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

function assertInOrder(names: readonly string[], ran: readonly string[]): void {
  const wrong = names.find((name) => !/^\d[A-Za-z0-9_-]*$/.test(name));
  if (wrong !== undefined) {
    throw new StartError(
      `"${wrong}" is no name for a migration of the project: begin with a number, as in "0001-reports". They run in the order of their names.`,
    );
  }
  const last = ran.at(-1) ?? '';
  const late = names.find((name) => name < last && !ran.includes(name));
  if (late === undefined) return;
  throw new StartError(
    `The project's migration "${late}" would run after "${last}", which has run already: they run in the order of their names. Give it a name that comes later.`,
  );
}

function throwFailure({ error }: Pick<MigrationResultSet, 'error'>): void {
  if (error !== undefined) throw error instanceof Error ? error : new Error(JSON.stringify(error));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : JSON.stringify(error);
}
