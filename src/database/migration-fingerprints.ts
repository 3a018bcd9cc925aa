import { createHash } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import { hasTable } from './migration-versions.js';
import type { MigrationContext, ProjectMigration, ProjectMigrations } from './migrations/context.js';
import type { Schema } from './schema.js';

/** Made by Latchkey's own migration 0018: databases of earlier versions have none. */
export const fingerprintsTable = 'latchkey_project_migrations';

type Queries = Kysely<Schema>;

/**
 * Strings, comments, white space, and commas and semicolons that Prettier and TypeScript set or leave out. A string is kept:
 * what looks like a comment in it is not one.
 */
const tokens =
  /(`(?:\\[^]|[^\\`])*`|'(?:\\[^]|[^\\'])*'|"(?:\\[^]|[^\\"])*")|\/\/.*|\/\*[^]*?\*\/|\s+|;|,(?=\s*[)\]}])/g;

/**
 * Of what `up` says, so that it changes where that does. Not of what it calls: a function's text has no more. Comments and
 * layout make no difference.
 */
export function computeFingerprint(migration: ProjectMigration): string {
  const text = migration.up.toString().replaceAll(tokens, (_, literal: string | undefined) => literal ?? '');
  return createHash('sha256').update(text).digest('base64url');
}

/** Notes what migrations are, where nothing is noted of them yet. */
export async function noteFingerprints(
  queries: Queries,
  names: readonly string[],
  project: ProjectMigrations,
): Promise<void> {
  for (const { name, fingerprint } of listFingerprints(names, project)) {
    await sql`insert into ${sql.table(fingerprintsTable)} (name, fingerprint) values (${name}, ${fingerprint})
      on conflict do nothing`.execute(queries);
  }
}

/** Notes them as they are now. */
export async function acceptFingerprints(
  queries: Queries,
  names: readonly string[],
  project: ProjectMigrations,
): Promise<void> {
  for (const { name, fingerprint } of listFingerprints(names, project)) {
    await sql`update ${sql.table(fingerprintsTable)} set fingerprint = ${fingerprint} where name = ${name}`.execute(
      queries,
    );
  }
}

/** @returns the names of those that are not what they were when they ran, in order. */
export async function findEdited(
  queries: Queries,
  { dialect }: MigrationContext,
  project: ProjectMigrations,
): Promise<string[]> {
  if (!(await hasTable(queries, dialect, fingerprintsTable))) return [];
  const { rows } = await sql<{ name: string; fingerprint: string }>`select name, fingerprint
    from ${sql.table(fingerprintsTable)} order by name`.execute(queries);
  return rows
    .filter(({ name, fingerprint }) => project[name] && computeFingerprint(project[name]) !== fingerprint)
    .map(({ name }) => name);
}

function listFingerprints(
  names: readonly string[],
  project: ProjectMigrations,
): { name: string; fingerprint: string }[] {
  return names.flatMap((name) =>
    project[name] ? [{ name, fingerprint: computeFingerprint(project[name]) }] : [],
  );
}
