import type { Command } from 'commander';
import { readConfig, type Config } from '../config/config.js';
import { readMark } from '../database/copy-mark.js';
import {
  copyInto,
  toCounts,
  assertEmpty,
  assertSameSource,
  type CopyOptions as CopyIntoOptions,
} from '../database/copy-database.js';
import type { CopySealing } from '../database/table-copies.js';
import type { Contents } from '../database/copy-contents.js';
import { CopyError } from '../database/copy-error.js';
import { SqliteSnapshot, type Counts } from '../database/copy-source.js';
import { DatabaseUnavailable } from '../database/database-unavailable.js';
import type { Database } from '../database/database.js';
import type { ProjectMigrations } from '../database/migrations/context.js';
import type { OwnTable } from '../database/own-copy.js';
import { describeCause } from '../database/postgres-errors.js';
import type { KeyRow } from '../database/schema.js';
import { readSecretFile } from '../keys/secret.js';
import { claimSqlite, type Claimant } from '../database/sqlite-claim.js';
import { addAction, type Output } from './command-output.js';
import { UsageError } from './exit-codes.js';
import type { CommandContext } from './installation-command.js';
import { openCommandDatabase } from './command-database.js';
import { onTarget, planTables, prepareTarget } from './copy-target.js';
import { createProgress } from './progress.js';
import { parseDatabaseUrl, type SqliteUrl } from '../database/database-url.js';
import type { Project } from '../server/project.js';
import { refuseRestoredFile } from '../server/installation.js';
import { StartError } from '../start-error.js';
import { getSealingContext, unseal } from '../keys/stored-keys.js';
import { KeySealing } from '../keys/key-sealing.js';

type Environment = Readonly<Record<string, string | undefined>>;

interface Migrations {
  readonly migrations: ProjectMigrations;
}

interface CopyTools extends Migrations {
  readonly output: Output;
}

interface CopyOptions {
  readonly dryRun?: boolean;
  readonly beginAgain?: boolean;
}

const usage = 'latchkey copy sqlite:<file> [postgres://<user>@<host>/<database>] [--dry-run] [--begin-again]';
/** Milliseconds. One Ctrl-C arrives as several signals; a later one exits without waiting for the database. */
const repeatedSignalWindow = 1000;

export function addCopyCommand(
  program: Command,
  loadProject: () => Promise<Project>,
  { environment }: CommandContext,
): void {
  addAction(
    program
      .command('copy')
      .description(
        'copy all data, with keys and sessions, to an empty PostgreSQL database; continues an interrupted copy',
      )
      .argument('<source>', 'sqlite:<file>')
      .argument('[target]', 'postgres://<user>@<host>/<database>; without it, what DATABASE_URL says')
      .option('--dry-run', 'count the rows, and change nothing')
      .option('--begin-again', 'first remove the rows of an unfinished copy from the target'),
    async (output, source: string, target: string | undefined, options: CopyOptions) => {
      refusePassword(target);
      await copy({ source, target }, output, options, environment, await loadProject());
    },
  );
}

/** @throws {UsageError} for a password among the arguments. */
function refusePassword(url: string | undefined): void {
  const [start = '', query = ''] = (url ?? '').split('?');
  if (!/^\w+:\/\/[^@/:]*:[^@]/.test(start) && !/(?:^|&)password=/.test(query)) return;
  throw new UsageError(
    'The target has a password, and arguments can be seen by other users of the machine. Set DATABASE_URL to the target and leave the argument out, or leave the password out and set PGPASSWORD. Nothing was done.',
  );
}

/**
 * `latchkey copy`: moves an installation to PostgreSQL, with sessions, keys and revocations: no user is logged out. After an
 * interruption the same command continues; no service starts on an incomplete target.
 * @throws {StartError}
 */
export async function copy(
  urls: { readonly source: string; readonly target?: string | undefined },
  output: Output,
  options: CopyOptions,
  environment: Environment,
  { migrations = {} }: Pick<Project, 'migrations'>,
): Promise<void> {
  const source = parseSource(urls.source);
  const config = readConfig({
    ...environment,
    ...(urls.target !== undefined && { DATABASE_URL: urls.target, DATABASE_URL_FILE: undefined }),
  });
  if (config.databaseUrl.kind !== 'postgres') throw new StartError(`The target must be PostgreSQL: ${usage}`);
  refuseRestoredFile({ ...config, databaseUrl: source }, false);
  try {
    const snapshot = new SqliteSnapshot(source.file);
    try {
      await snapshot.assertVersion(migrations);
      snapshot.assertReferences();
      await copySnapshot(snapshot, source, config, { ...options, migrations, output });
    } finally {
      snapshot.close();
    }
  } catch (error) {
    if (error instanceof CopyError) throw new StartError(error.message, { cause: error });
    throw error;
  }
}

function parseSource(text: string): SqliteUrl {
  let source;
  try {
    source = parseDatabaseUrl(text);
  } catch (cause) {
    throw new StartError(`The source ${(cause as Error).message}.`, { cause });
  }
  if (source.kind !== 'sqlite' || source.file === ':memory:')
    throw new StartError(`The source must be a SQLite file: ${usage}`);
  return source;
}

async function copySnapshot(
  snapshot: SqliteSnapshot,
  source: SqliteUrl,
  config: Config,
  { dryRun = false, beginAgain = false, migrations, output }: CopyOptions & CopyTools,
): Promise<void> {
  const [from, to] = [findSourceSealing(snapshot.readKeys(), source, config), createTargetSealing(config)];
  const target = openCommandDatabase(config);
  try {
    const ownTables = await planTables(target, snapshot, beginAgain, migrations);
    // Before anything is written: it finds values that the target cannot have.
    const contents = await snapshot.summarize(ownTables);
    if (dryRun) {
      await describe(target, snapshot, { beginAgain, ownTables, contents, output });
      return;
    }
    const holder = claimSqlite(source.file, 'copy');
    if (holder) console.error(warnings[holder](source.file));
    const mayReplaceOwnRows = await prepareTarget(target, beginAgain, { migrations, ownTables });
    const sealing: CopySealing = {
      seal: (row) => to.seal(unseal(row, from), getSealingContext(row)),
      opens: (row) => opens(row, to),
    };
    const rows = await copyWithProgress(target, snapshot, sealing, {
      ownTables,
      contents,
      mayReplaceOwnRows,
    });
    output.print(
      { copied: true, rows },
      `${format(rows)}\nAll is copied. What a service has written to ${source.file} since the copy began is not: stop it, and copy again into a new database, unless it was stopped before. Start the service with the target as DATABASE_URL, and with the same LATCHKEY_ISSUER as before: tokens of another issuer are refused.`,
    );
  } finally {
    await target.close();
  }
}

const warnings: Readonly<Record<Claimant, (file: string) => string>> = {
  service: (file) =>
    `A service runs on ${file}: this copy is of the moment at which it begins, good for a rehearsal. Stop the service before the copy that counts.`,
  restore: (file) =>
    `"latchkey restore" is about to replace ${file}: this copy is of what was there before. Copy again after its end.`,
  copy: (file) =>
    `Another copy of ${file} is being made. Start no service on it before both have finished: they would lack what it writes.`,
};

async function copyWithProgress(
  target: Database,
  snapshot: SqliteSnapshot,
  sealing: CopySealing,
  own: Required<Pick<CopyIntoOptions, 'ownTables' | 'contents' | 'mayReplaceOwnRows'>>,
): Promise<Counts> {
  const total = Object.values(toCounts(own.contents)).reduce((sum, rows) => sum + rows, 0);
  const progress = createProgress({ unit: 'rows' });
  const copied = new Map<string, number>();
  const interruption = new AbortController();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  let interruptedAt: number | undefined;
  const interrupt = (): void => {
    if (interruptedAt !== undefined && performance.now() - interruptedAt > repeatedSignalWindow)
      process.exit(1);
    interruptedAt ??= performance.now();
    interruption.abort();
  };
  for (const signal of signals) process.on(signal, interrupt);
  try {
    return await copyInto(target, snapshot, sealing, {
      ...own,
      onProgress: (table, rows) => {
        copied.set(table, rows);
        progress.update(
          [...copied.values()].reduce((sum, each) => sum + each, 0),
          total,
          table,
        );
      },
      signal: interruption.signal,
    });
  } catch (cause) {
    if (!(cause instanceof DatabaseUnavailable)) throw cause;
    throw new StartError(
      `The copy was interrupted (${describeCause(cause)}). Run the same command again to continue.`,
      { cause },
    );
  } finally {
    for (const signal of signals) process.removeListener(signal, interrupt);
    progress.end();
  }
}

/** `LATCHKEY_SECRET` or the secret file, whichever decrypts the source's keys. */
function findSourceSealing(keys: readonly KeyRow[], { file }: SqliteUrl, { secret }: Config): KeySealing {
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

/** By the future `LATCHKEY_SECRET` of the target's service. */
function createTargetSealing({ newSecret, secret }: Config): KeySealing {
  // readConfig requires one of them.
  return new KeySealing(newSecret ?? secret ?? '');
}

/** Prints the rows to copy and the state of the target. */
async function describe(
  target: Database,
  snapshot: SqliteSnapshot,
  {
    beginAgain,
    ownTables,
    contents,
    output,
  }: {
    readonly beginAgain: boolean;
    readonly ownTables: readonly OwnTable[];
    readonly contents: Contents;
    readonly output: Output;
  },
): Promise<void> {
  const mark = await onTarget(async () => {
    await target.ping();
    return readMark(target.queries);
  });
  let finding = 'and is empty';
  if (mark && beginAgain) finding = 'and holds an unfinished copy, which would be removed first';
  else if (mark) {
    assertSameSource(mark, snapshot.file, contents);
    finding = 'and holds a part of them already, which the copy would go on from';
  } else await assertEmpty(target.queries, ownTables);
  const rows = toCounts(contents);
  output.print(
    { copied: false, rows, ...(mark && { unfinished_copy: true }) },
    `${format(rows)}\nThese rows would be copied. The target can be reached, ${finding}. Nothing was changed.`,
  );
}

function format(counts: Counts): string {
  return Object.entries(counts)
    .map(([table, rows]) => `${table.padEnd(16)}${rows}`)
    .join('\n');
}
