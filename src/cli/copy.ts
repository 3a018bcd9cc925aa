import type { Command } from 'commander';
import { pino } from 'pino';
import { readConfig, type Config } from '../config.js';
import { CopyError, copyInto, demandEmpty, SqliteSnapshot, type Counts } from '../database/copy-database.js';
import { openDatabase, type Database } from '../database/open-database.js';
import { reasonOf } from '../database/postgres-errors.js';
import type { KeyRow } from '../database/schema.js';
import { readSecretFile } from '../database/secret.js';
import { createProgress } from './progress.js';
import { databaseUrl, type SqliteUrl } from '../database-url.js';
import { StartError } from '../start-error.js';
import { sealingContext, unseal } from '../tokens/key-schedule.js';
import { KeySealing } from '../tokens/key-sealing.js';

type Environment = Readonly<Record<string, string | undefined>>;

const howTo = 'latchkey copy sqlite:<file> postgres://<user>:<password>@<host>/<database> [--dry-run]';

export function addCopyCommand(program: Command): void {
  program
    .command('copy')
    .description('copy all data to an empty PostgreSQL database, keys and sessions too')
    .argument('<source>', 'sqlite:<file>')
    .argument('<target>', 'postgres://<user>:<password>@<host>/<database>')
    .option('--dry-run', 'count it, and change nothing')
    .action((source: string, target: string, { dryRun = false }: { dryRun?: boolean }) =>
      copy(source, target, { isDryRun: dryRun }, process.env),
    );
}

/**
 * `latchkey copy`: moves an installation to PostgreSQL. Nobody is logged out: sessions, keys and revocations come along.
 * @throws {StartError} where it cannot; the target is as it was then.
 */
export async function copy(
  from: string,
  to: string,
  { isDryRun }: { readonly isDryRun: boolean },
  environment: Environment,
): Promise<void> {
  const source = sourceOf(from);
  const config = readConfig({ ...environment, DATABASE_URL: to });
  if (config.databaseUrl.kind !== 'postgres') throw new StartError(`The target must be PostgreSQL: ${howTo}`);
  try {
    const snapshot = new SqliteSnapshot(source.file);
    try {
      await snapshot.demandVersion();
      await copySnapshot(snapshot, source, config, isDryRun);
    } finally {
      snapshot.close();
    }
  } catch (error) {
    if (error instanceof CopyError) throw new StartError(error.message, { cause: error });
    throw error;
  }
}

function sourceOf(text: string): SqliteUrl {
  let source;
  try {
    source = databaseUrl(text);
  } catch (cause) {
    throw new StartError(`The source ${(cause as Error).message}.`, { cause });
  }
  if (source.kind !== 'sqlite' || source.file === ':memory:')
    throw new StartError(`The source must be a SQLite file: ${howTo}`);
  return source;
}

async function copySnapshot(
  snapshot: SqliteSnapshot,
  source: SqliteUrl,
  config: Config,
  isDryRun: boolean,
): Promise<void> {
  const [from, to] = [sealingOf(snapshot.keys(), source, config), targetSealing(config)];
  const target = openTarget(config);
  try {
    await askTarget(target, isDryRun);
    if (isDryRun) {
      print(snapshot.counts());
      console.log(
        'These rows would be copied. The target can be reached, and is empty. Nothing was changed.',
      );
      return;
    }
    const totals = snapshot.counts();
    const progress = createProgress(process.stderr);
    const sealAnew = (row: KeyRow): string => to.seal(unseal(row, from), sealingContext(row));
    try {
      const counts = await copyInto(target, snapshot, sealAnew, (table, rows) => {
        progress.show(`${table}: ${rows} of ${totals[table]} rows copied`);
      });
      progress.end();
      print(counts);
    } finally {
      progress.end();
    }
    console.log(
      `All is copied. What a service has written to ${source.file} since the copy began is not: stop it, and copy again into a new database, unless it was stopped before. Start the service with the target as DATABASE_URL, and with the same LATCHKEY_ISSUER as before: tokens of another issuer are refused.`,
    );
  } finally {
    await target.close();
  }
}

/** What opens the source's keys: `LATCHKEY_SECRET`, or the file beside the database. */
function sealingOf(keys: readonly KeyRow[], { file }: SqliteUrl, { secret }: Config): KeySealing {
  const secrets = [secret, readSecretFile(file)].filter((each) => each !== undefined);
  const sealing = secrets
    .map((each) => new KeySealing(each))
    .find((each) => keys.every((row) => opens(row, each)));
  if (!sealing) {
    throw new StartError(
      `Neither LATCHKEY_SECRET nor the secret file beside ${file} opens its keys. Set LATCHKEY_SECRET to what they are encrypted with; LATCHKEY_NEW_SECRET is then the target's, where that is to be another.`,
    );
  }
  return sealing;
}

function opens(row: KeyRow, sealing: KeySealing): boolean {
  try {
    unseal(row, sealing);
    return true;
  } catch {
    return false;
  }
}

/** What the target's service will have as `LATCHKEY_SECRET`. */
function targetSealing({ newSecret, secret }: Config): KeySealing {
  // That one of them is set, readConfig has demanded.
  return new KeySealing(newSecret ?? secret ?? '');
}

function openTarget(config: Config): Database {
  return openDatabase(config.databaseUrl, {
    connectTimeout: config.databaseConnectTimeout * 1000,
    log: pino({ level: 'silent' }),
  });
}

async function askTarget(target: Database, isDryRun: boolean): Promise<void> {
  try {
    await target.ping();
    if (!isDryRun) await target.migrate();
  } catch (cause) {
    throw new StartError(`The target cannot be used (${reasonOf(cause)}).`, { cause });
  }
  await demandEmpty(target.queries);
}

function print(counts: Counts): void {
  for (const [table, rows] of Object.entries(counts)) console.log(`${table.padEnd(16)}${rows}`);
}
