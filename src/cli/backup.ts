import type { Command } from 'commander';
import { readConfig, type Config } from '../config/config.js';
import { BackupError, backupSqlite } from '../database/backup-sqlite.js';
import { assertFreeName } from '../database/own-files.js';
import { readServerVersion } from '../database/server-version.js';
import { StartError } from '../start-error.js';
import { openCommandDatabase } from './command-database.js';
import { addAction, type Output } from './command-output.js';
import { refuseMissingDatabase, type CommandContext } from './installation-command.js';
import { listDumpSteps } from './postgres-tools.js';
import { createProgress } from './progress.js';

export function addBackupCommand(program: Command, context: CommandContext): void {
  addAction(
    program
      .command('backup')
      .description(
        'copy the SQLite database to a new file, also while the service runs; on PostgreSQL print what to run',
      )
      .argument('<file>', 'the file to create, readable only by its owner'),
    (output, file: string) => backup(output, file, context),
  );
}

/** @throws {StartError} where it fails; then there is no new file. */
async function backup(output: Output, target: string, { environment }: CommandContext): Promise<void> {
  const config = readConfig(environment);
  const { databaseUrl } = config;
  if (databaseUrl.kind === 'postgres') {
    throw new StartError(listDumpSteps(environment, target, await readPostgresVersion(config)));
  }
  if (databaseUrl.file === ':memory:') {
    throw new StartError('A database in memory cannot be backed up: it ends with its service.');
  }
  refuseMissingDatabase(config);
  assertFreeName(target);
  const progress = createProgress({ unit: 'pages' });
  try {
    const bytes = await backupSqlite(databaseUrl.file, target, progress.update);
    progress.end();
    const secret = config.secret === undefined ? `${databaseUrl.file}.secret` : 'LATCHKEY_SECRET';
    output.print(
      { file: target, bytes, secret },
      `${target} has all of ${databaseUrl.file} (${bytes} bytes). Keep the secret too, apart from it: ${secret}. How to put it back: docs/restore.md.`,
    );
  } catch (error) {
    if (error instanceof BackupError) throw new StartError(error.message, { cause: error });
    throw error;
  } finally {
    progress.end();
  }
}

async function readPostgresVersion(config: Config): Promise<string> {
  const database = openCommandDatabase(config);
  try {
    return await readServerVersion(database.queries, database.dialect);
  } finally {
    await database.close();
  }
}
