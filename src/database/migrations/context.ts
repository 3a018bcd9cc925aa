import type { Kysely } from 'kysely';

/** What a migration may need to know about the database. */
export interface MigrationContext {
  readonly dialect: 'sqlite' | 'postgres';
}

/** A migration of a project: an object, or a module, with `up`. It runs in a transaction, on both databases. */
export interface ProjectMigration {
  // Its tables are what the migrations before it have made of them, which no type says.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  up(database: Kysely<any>, context: MigrationContext): Promise<void>;
}

/** Name, such as `0001-reports`, → migration. They run in the order of their names. */
export type ProjectMigrations = Readonly<Record<string, ProjectMigration>>;
