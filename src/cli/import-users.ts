import { readFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import type { Config } from '../config/config.js';
import type { Finding, ImportCounts, ImportOptions } from '../import/import-options.js';
import { columnPurposes } from '../import/sources/flask.js';
import { openSource, sourceKinds, type SourceKind } from '../import/sources/open-source.js';
import { importRevokedTokens, type RevokedTokens } from '../import/revoked-tokens.js';
import { UserImport } from '../import/user-import.js';
import type { Services } from '../server/services.js';
import { addAction, type Output } from './command-output.js';
import { FoundError, UsageError } from './exit-codes.js';
import type { CommandContext, WithInstallation } from './installation-command.js';
import { operator } from './operator.js';
import { createProgress } from './progress.js';

interface GivenOptions {
  readonly from?: SourceKind;
  readonly source?: string;
  readonly table?: string;
  readonly column: readonly string[];
  readonly firebaseHashConfig?: string;
  readonly blocklist?: string;
  readonly blocklistFile?: string;
  readonly role: readonly string[];
  readonly createRoles?: boolean;
  readonly ignoreRoles?: boolean;
  readonly ignoreFactors?: boolean;
  readonly rename?: string;
  readonly emailAsUsername?: boolean;
  readonly dryRun?: boolean;
}

const collect = (word: string, before: readonly string[]): readonly string[] => [...before, word];

/** @returns the group `import`. */
export function addImportCommand(
  program: Command,
  withInstallation: WithInstallation,
  { environment }: Pick<CommandContext, 'environment'>,
): void {
  addAction(
    program
      .command('import')
      .description('take over what another application has')
      .command('users')
      .description('import users with their password hashes; run again, it goes on where it was interrupted')
      .argument('<location>', 'a file, or postgres://<user>:<password>@<host>/<database>')
      .addOption(
        new Option('--from <application>', 'where they come from; not needed for .ndjson and .csv').choices(
          sourceKinds,
        ),
      )
      .option('--dry-run', 'find what is wrong, and change nothing')
      .option('--source <name>', 'under which their ids are kept; the application’s name by default')
      .option('--table <name>', 'of the users, where it is not the usual one')
      .option(
        '--column <purpose=name>',
        `a column of a Flask application, for ${columnPurposes.join(', ')}; may be repeated`,
        collect,
        [],
      )
      .option('--firebase-hash-config <file>', 'the hash parameters of the Firebase project')
      .option(
        '--blocklist <table>',
        'of the tokens that a Flask application has revoked, where it is not the usual one',
      )
      .option('--blocklist-file <file>', 'the ids (jti) of the tokens that it has revoked, one in each line')
      .option(
        '--role <theirs=ours>',
        'a role that has another name here, or none; may be repeated',
        collect,
        [],
      )
      .option('--create-roles', 'make the roles that are not here, without permissions')
      .addOption(
        new Option('--ignore-roles', 'leave out the roles that are not here').conflicts('createRoles'),
      )
      .option('--ignore-factors', 'leave out the second factors that cannot be taken over')
      .option('--rename <file>', 'CSV without a heading: the name there, the name here')
      .option('--email-as-username', 'users log in with their e-mail addresses'),
    (output, location: string, given: GivenOptions) => {
      const roles = parsePairs('--role', given.role);
      const columns = Object.fromEntries(parsePairs('--column', given.column));
      return withInstallation((services, config) =>
        importUsers(services, config, { output, location, given, roles, columns, environment }),
      );
    },
  );
}

interface Task {
  readonly output: Output;
  readonly location: string;
  readonly given: GivenOptions;
  readonly roles: ReadonlyMap<string, string>;
  readonly columns: Readonly<Record<string, string>>;
  readonly environment: CommandContext['environment'];
}

async function importUsers(
  { database, clock, accessTokens, roles, totpSecrets }: Services,
  config: Config,
  task: Task,
): Promise<void> {
  const { output, location, given } = task;
  const { dryRun = false, from = guessKind(location), source = from } = given;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$/.test(source)) {
    throw new UsageError('--source must have letters, digits and . _ - alone, 50 at most.');
  }
  const options: ImportOptions = {
    source,
    dryRun,
    roles: task.roles,
    unknownRoles: given.createRoles ? 'create' : given.ignoreRoles ? 'ignore' : 'refuse',
    ignoreFactors: given.ignoreFactors ?? false,
    renames: given.rename === undefined ? new Map() : await readRenames(given.rename),
    emailAsUsername: given.emailAsUsername ?? false,
    usernames: config.usernames,
    actor: operator,
  };
  const { columns, environment } = task;
  const open = () => openSource(from, location, { ...given, columns, environment });
  const total = process.stderr.isTTY ? await countRecords(open) : 0;
  const progress = createProgress({ unit: 'users' });
  const { users, revokedTokens, close } = await open();
  let counts: ImportCounts;
  let revoked: Revoked | undefined;
  try {
    revoked = revokedTokens && (await takeRevokedTokens({ database, clock }, revokedTokens, config, dryRun));
    const all = { ...options, revokedTokens: revoked?.count };
    const dependencies = { database, clock, tokens: accessTokens, roles, totpSecrets };
    counts = await UserImport.run(dependencies, users, all, {
      onFinding: (finding) => {
        progress.end();
        output.print(finding, describeFinding(finding));
      },
      onProgress: ({ read }) => {
        progress.update(read, total);
      },
    });
  } finally {
    progress.end();
    await close();
  }
  output.print(
    { ...counts, ...(revoked && { revoked_tokens: revoked.count }), dry_run: dryRun },
    [describeCounts(counts, dryRun), ...(revoked ? [revoked.text] : [])].join('\n'),
  );
  if (counts.refused > 0) {
    throw new FoundError(
      `${counts.refused} of ${counts.read} users ${dryRun ? 'would not be' : 'were not'} imported: what to do is said for each. Then run the command again; those who are here are left out.`,
    );
  }
}

interface Revoked {
  /** How many are refused here, or would be. */
  readonly count: number;
  readonly text: string;
}

/** Before the users, whose other tokens are accepted from then on. */
async function takeRevokedTokens(
  dependencies: Pick<Services, 'database' | 'clock'>,
  tokens: RevokedTokens,
  { decodeLegacyUntil: until }: Config,
  dryRun: boolean,
): Promise<Revoked> {
  const found = await importRevokedTokens(dependencies, tokens, dryRun ? undefined : until);
  if (until === undefined) {
    return {
      count: 0,
      text: `${tokens.place} has ${found} tokens that the application has revoked. None of its tokens is accepted here without JWT_DECODE_LEGACY and JWT_DECODE_LEGACY_UNTIL: if the service has these settings, give them to this command, too, and run it again.`,
    };
  }
  return {
    count: found,
    text: `${found} tokens that the application has revoked (${tokens.place}) ${dryRun ? 'would be' : 'are'} refused here, too.`,
  };
}

function guessKind(location: string): SourceKind {
  if (location.endsWith('.ndjson')) return 'ndjson';
  if (location.endsWith('.csv')) return 'csv';
  throw new UsageError(`Say where the users come from: --from with one of ${sourceKinds.join(', ')}.`);
}

async function countRecords(open: () => ReturnType<typeof openSource>): Promise<number> {
  const { users, close } = await open();
  let count = 0;
  const each = users[Symbol.asyncIterator]();
  while (!(await each.next()).done) count += 1;
  await close();
  return count;
}

function describeFinding({ place, username, message, users = 1 }: Finding): string {
  const name = username === undefined ? '' : ` (${JSON.stringify(username)})`;
  const others = users === 1 ? '' : ` The same is wrong with ${users - 1} other${users === 2 ? '' : 's'}.`;
  return `${place}${name}: ${message}.${others}`;
}

function describeCounts(counts: ImportCounts, dryRun: boolean): string {
  const { read, imported, skipped, deleted, withoutPassword, withoutAddress, bcrypt } = counts;
  const { withFactors, withoutRecoveryCodes, withoutFactors } = counts;
  return [
    `${read} users were read, and ${imported} ${dryRun ? 'would be' : 'are'} imported.`,
    ...(skipped > 0 ? [`${skipped} were imported before.`] : []),
    ...(deleted > 0 ? [`${deleted} were imported before and deleted here, and stay deleted.`] : []),
    ...(withoutPassword > 0
      ? [
          `${withoutPassword} have no password, and can log in when they are given one (latchkey users reset-password).`,
        ]
      : []),
    ...(withoutAddress > 0
      ? [`${withoutAddress} are without their e-mail address: the lines above say which, and why.`]
      : []),
    ...(withFactors > 0
      ? [
          `${withFactors} have a second factor, ${withoutRecoveryCodes} of them without recovery codes, which they make when they have logged in.`,
        ]
      : []),
    ...(withoutFactors > 0
      ? [
          `${withoutFactors} are without a second factor that they had: the password alone is enough until they set up another one.`,
        ]
      : []),
    ...(bcrypt > 0
      ? [
          `${bcrypt} have hashes of bcrypt, which compares the first 72 bytes of a password, until they log in.`,
        ]
      : []),
  ].join('\n');
}

function parsePairs(option: string, pairs: readonly string[]): Map<string, string> {
  return new Map(
    pairs.map((word): [string, string] => {
      const at = word.indexOf('=');
      if (at < 1) throw new UsageError(`${option} ${word} must be two names with "=" in between.`);
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

async function readRenames(file: string): Promise<Map<string, string>> {
  const { parse } = await import('csv-parse/sync');
  let rows: string[][];
  try {
    rows = parse(readFileSync(file), { bom: true, skip_empty_lines: true });
  } catch (cause) {
    throw new UsageError(`The file ${file} of --rename cannot be read: ${(cause as Error).message}.`, {
      cause,
    });
  }
  return new Map(rows.map(([theirs = '', ours = '']) => [theirs, ours]));
}
