import { Option, type Command } from 'commander';
import { readConfig } from '../config/config.js';
import type { Database } from '../database/database.js';
import { assertUndamaged } from '../database/restored-file.js';
import type { Migrations } from '../database/run-migrations.js';
import { createUnusableError, refuseRestoredFile } from '../server/installation.js';
import { packageVersion } from '../server/package-version.js';
import type { Project } from '../server/project.js';
import { StartError } from '../start-error.js';
import { openCommandDatabase } from './command-database.js';
import { addAction, type Output } from './command-output.js';
import { refuseMissingDatabase, type CommandContext } from './installation-command.js';

interface MigrateOptions {
  readonly dryRun?: boolean;
  readonly acceptEdited?: boolean;
}

export function addMigrateCommand(
  program: Command,
  loadProject: () => Promise<Project>,
  context: CommandContext,
): void {
  addAction(
    program
      .command('migrate')
      .description('bring the database to this version, as the next start does; says what was done')
      .addOption(
        new Option('--dry-run', 'say what would be done, and change nothing').conflicts('acceptEdited'),
      )
      .option(
        '--accept-edited',
        'take migrations of the project that were edited after they had run as they are now',
      ),
    async (output, options: MigrateOptions) => migrate(output, context, await loadProject(), options),
  );
}

/** @throws {StartError} where the database cannot be used, or a newer version has migrated it. */
async function migrate(
  output: Output,
  { environment }: CommandContext,
  { migrations: project = {} }: Pick<Project, 'migrations'>,
  { dryRun: isDryRun = false, acceptEdited = false }: MigrateOptions,
): Promise<void> {
  const config = readConfig(environment);
  refuseMissingDatabase(config);
  refuseRestoredFile(config, true);
  if (config.databaseUrl.kind === 'sqlite') await assertUndamaged(config.databaseUrl.file);
  const which = { version: packageVersion, project };
  let database: Database | undefined;
  try {
    database = openCommandDatabase(config);
    const ran = isDryRun
      ? await database.findPendingMigrations(which)
      : await database.migrate({ ...which, acceptEdited });
    output.print({ version: packageVersion, dry_run: isDryRun, ...ran }, describe(ran, isDryRun));
  } catch (cause) {
    throw cause instanceof StartError ? cause : createUnusableError({ ...config, databaseWait: 0 }, cause);
  } finally {
    await database?.close();
  }
}

function describe({ latchkey, project }: Migrations, isDryRun: boolean): string {
  const names = [...latchkey, ...project.map((name) => `${name} (of the project)`)];
  if (names.length === 0) return `The database is at version ${packageVersion}: there is nothing to do.`;
  const title = isDryRun ? 'These migrations would run' : 'These migrations have run';
  const end = isDryRun
    ? 'Nothing was changed. There is no way back but a backup: make one first (docs/upgrade.md).'
    : `The database is at version ${packageVersion}.`;
  return `${title}:\n${names.map((name) => `  ${name}`).join('\n')}\n${end}`;
}
