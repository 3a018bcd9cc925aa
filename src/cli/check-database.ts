import type { Command } from 'commander';
import { readConfig, type Config } from '../config/config.js';
import { findDatabaseErrors, hasAmcheck } from './database-checks.store.js';
import { readMark, describeUnfinishedCopy } from '../database/copy-mark.js';
import { DatabaseUnavailable } from '../database/database-unavailable.js';
import { describeCause } from '../database/postgres-errors.js';
import { canOpenKeys } from '../keys/stored-keys.js';
import { KeySealing } from '../keys/key-sealing.js';
import { openCommandDatabase, readSecret, wrongSecretMessage } from './command-database.js';
import { addAction, type Output } from './command-output.js';
import { FoundError } from './exit-codes.js';
import { refuseMissingDatabase, type CommandContext } from './installation-command.js';

/** How many errors are printed. */
const maxShown = 50;

export function addCheckCommand(program: Command, { environment }: CommandContext): void {
  addAction(
    program
      .command('check-database')
      .description('look for damage and inconsistencies, without changes; exit code 5 where there are some'),
    (output) => checkDatabase(output, environment),
  );
}

/** @throws {FoundError} where there are errors. */
export async function checkDatabase(
  output: Output,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const config = readConfig(environment);
  refuseMissingDatabase(config);
  const { errors, note } = await examineDatabase(config);
  if (errors.length > 0) {
    const more = errors.length > maxShown ? [`… and ${errors.length - maxShown} more.`] : [];
    if (output.isJson) output.print({ sound: false, found: errors }, '');
    throw new FoundError(
      [
        'The database is not sound:',
        ...errors.slice(0, maxShown),
        ...more,
        'What to do: docs/restore.md.',
      ].join('\n'),
    );
  }
  output.print(
    { sound: true, found: [], ...(note !== '' && { note: note.trim() }) },
    `The database is sound.${note}`,
  );
}

async function examineDatabase(
  config: Config,
): Promise<{ readonly errors: readonly string[]; readonly note: string }> {
  try {
    const database = openCommandDatabase(config);
    try {
      const mark = database.dialect === 'postgres' ? await readMark(database.queries) : undefined;
      if (mark) return { errors: [describeUnfinishedCopy(mark)], note: '' };
      const errors = await findDatabaseErrors(database);
      const { queries } = database.longRunning;
      const checksIndexes = database.dialect === 'sqlite' || (await hasAmcheck(queries));
      const secret = readSecret(config);
      if (
        errors.length === 0 &&
        secret !== undefined &&
        !(await canOpenKeys(queries, new KeySealing(secret)))
      ) {
        errors.push(wrongSecretMessage);
      }
      return {
        errors,
        note: checksIndexes
          ? ''
          : ' Its indexes were not checked: "create extension amcheck" in it lets this command do so.',
      };
    } finally {
      await database.close();
    }
  } catch (error) {
    if (error instanceof DatabaseUnavailable) throw error;
    return { errors: [`It cannot be read to the end: ${describeCause(error)}.`], note: '' };
  }
}
