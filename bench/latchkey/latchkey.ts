import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Conditions } from '../harness/conditions.ts';
import { checkout } from '../harness/folders.ts';
import type { Load } from '../harness/load.ts';
import { runAtEnd } from '../harness/processes.ts';
import { profile } from '../harness/profile.ts';
import type { Report } from '../harness/report.ts';
import { Server, type ServerProgram } from '../harness/server.ts';

export type Settings = Readonly<Record<string, string>>;

/** An installation with users and sessions, and what its clients have. */
export interface Prepared {
  readonly settings: Settings;
  /** A file of values for the Authorization header. */
  readonly accessTokens: string;
  readonly refreshTokens: string;
  /** A file of bodies for POST /login. */
  readonly logins: string;
  /** A file with the id and the secret of a client that may read what is revoked. */
  readonly client: string;
}

interface Population {
  readonly users?: number;
  readonly sessions: number;
  readonly settings?: Settings;
  /** Undefined: SQLite, in a folder of its own. */
  readonly databaseUrl?: string;
  /** Whether password hashes cost what they cost by default. */
  readonly costlyPasswords?: boolean;
  /** The checkout whose service it is for, where that is not this one: each knows its own schema alone. */
  readonly from?: string;
}

/** The same on any port, so that tokens stay good. */
const issuer = 'http://127.0.0.1:3000';
const secret = 'the secret of a benchmark, long enough';
/** What is not measured is to be over soon. */
const cheapPasswords: Settings = { LATCHKEY_PASSWORD_MEMORY_COST: '8', LATCHKEY_PASSWORD_TIME_COST: '1' };

/** Builds the service where it is stale. */
export function build(): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(checkout, 'tools/build.ts')], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${stdout}${stderr}The service could not be built.`);
}

/** Makes users and sessions by the service's own code, without HTTP. */
export function prepare(
  conditions: Conditions,
  { users = 100, sessions, settings = {}, databaseUrl, costlyPasswords = false, from = checkout }: Population,
): Prepared {
  const folder = conditions.newFolder('latchkey');
  // In memory: thousands of commits would have to wait for the disk.
  const scratch = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'latchkey-bench-'));
  const removeScratch = (): void => {
    rmSync(scratch, { recursive: true, force: true });
  };
  runAtEnd(removeScratch);
  const own: Settings = { LATCHKEY_ISSUER: issuer, LATCHKEY_SECRET: secret, ...settings };
  const url = databaseUrl ?? `sqlite:${join(scratch, 'latchkey.db')}`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(from, 'bench/latchkey/prepare.ts'), String(users), String(sessions), scratch],
    {
      env: {
        ...(process.env['PATH'] !== undefined && { PATH: process.env['PATH'] }),
        ...own,
        ...(costlyPasswords ? {} : cheapPasswords),
        DATABASE_URL: url,
        JWT_ACCESS_TOKEN_EXPIRES: '1h',
      },
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`The sessions could not be made:\n${stdout}${stderr}`);
  cpSync(scratch, folder, { recursive: true });
  removeScratch();
  return {
    settings: { ...own, DATABASE_URL: databaseUrl ?? `sqlite:${join(folder, 'latchkey.db')}` },
    accessTokens: join(folder, 'access-tokens'),
    refreshTokens: join(folder, 'refresh-tokens'),
    logins: join(folder, 'logins'),
    client: join(folder, 'client'),
  };
}

/** The same installation, in a folder of its own. For SQLite, before anything runs on it. */
export function copyOf(conditions: Conditions, prepared: Prepared): Prepared {
  const file = prepared.settings['DATABASE_URL']?.replace('sqlite:', '') ?? '';
  const copy = join(conditions.newFolder('copy'), 'latchkey.db');
  cpSync(file, copy);
  return { ...prepared, settings: { ...prepared.settings, DATABASE_URL: `sqlite:${copy}` } };
}

/** What `npm start` gives to Node. The scenario memory-and-start says what other options would save, and cost. */
const startOptions = ['--max-semi-space-size=16'];

/**
 * The service as an operator runs it: `npm start`, without npm.
 * @param from the checkout that it runs from, where it is not this one.
 */
export function latchkey(
  { settings }: Pick<Prepared, 'settings'>,
  nodeOptions: readonly string[] = [],
  environment: Settings = {},
  from = checkout,
): ServerProgram {
  return (port) => ({
    command: process.execPath,
    args: [...startOptions, ...nodeOptions, join(from, 'bin/latchkey.js'), 'start'],
    env: { ...settings, ...environment, PORT: String(port) },
  });
}

export const readyPath = '/health/ready';

/** Starts the service, and waits until it is ready. */
export function startLatchkey(program: ServerProgram, cores: string): Promise<Server> {
  return Server.start(program, cores, readyPath, 200);
}

/** Where the time of the service's own thread goes under a load, by a profile that is written to a file. */
export function profileLatchkey(
  conditions: Conditions,
  prepared: Prepared,
  nextLoad: () => Load,
  file: string,
): Promise<Report> {
  return profile(
    conditions,
    (nodeOptions, environment) => latchkey(prepared, nodeOptions, environment),
    readyPath,
    nextLoad,
    file,
  );
}
