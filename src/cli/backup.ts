import type { Command } from 'commander';
import { readConfig } from '../config/config.js';
import { BackupError, backupSqlite } from '../database/backup-sqlite.js';
import { StartError } from '../start-error.js';
import { addAction, type Output } from './command-output.js';
import { refuseMissingDatabase, type Surroundings } from './installation-command.js';

export function addBackupCommand(program: Command, { environment }: Surroundings): void {
  addAction(
    program
      .command('backup')
      .description('copy the SQLite database to a new file, also while the service runs')
      .argument('<file>', 'the file to create, readable only by its owner'),
    (output, file: string) => {
      backup(output, file, environment);
    },
  );
}

/** @throws {StartError} where it fails; then there is no new file. */
export function backup(
  output: Output,
  target: string,
  environment: Readonly<Record<string, string | undefined>>,
): void {
  const config = readConfig(environment);
  const { databaseUrl } = config;
  if (databaseUrl.kind !== 'sqlite' || databaseUrl.file === ':memory:') {
    throw new StartError(
      'latchkey backup copies a SQLite file. Back up a PostgreSQL database with pg_dump, or with the means of your provider (docs/restore.md).',
    );
  }
  refuseMissingDatabase(config);
  try {
    const size = backupSqlite(databaseUrl.file, target);
    output.print(
      { file: target, bytes: size },
      `${target} has all of ${databaseUrl.file} (${size} bytes). Keep the secret too, apart from it: ${config.secret === undefined ? `${databaseUrl.file}.secret` : 'LATCHKEY_SECRET'}. How to put it back: docs/restore.md.`,
    );
  } catch (error) {
    if (error instanceof BackupError) throw new StartError(error.message, { cause: error });
    throw error;
  }
}
