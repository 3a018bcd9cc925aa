import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '../harness/client.ts';
import type { Conditions } from '../harness/conditions.ts';
import { checkout } from '../harness/folders.ts';
import { Postgres } from '../harness/postgres.ts';
import { PinnedProcess } from '../harness/processes.ts';
import { atMost, number, type Aim } from '../harness/report.ts';
import { computeQuantile } from '../harness/statistics.ts';
import { latchkey, prepare, startLatchkey, type Prepared, type Settings } from '../latchkey/latchkey.ts';
import type { Scenario } from './scenario.ts';

/** Milliseconds from one login to the next, whether or not the one before has a response. */
const every = 50;
/** Seconds of logins alone, to compare with. */
const alone = { usual: 10, quick: 1 };
const aims = { seconds: 60, p99: 50 };

export const importUsers: Scenario = {
  title: '100,000 users from elsewhere, imported beside a service where others log in',
  run: (conditions) =>
    Postgres.during(conditions.cores.database, async (postgres) => {
      const count = conditions.quick ? 1000 : 100_000;
      const file = writeUsers(conditions, count);
      const rows: string[][] = [];
      const all: Aim[] = [];
      for (const database of ['SQLite', 'PostgreSQL'] as const) {
        const databaseUrl = database === 'SQLite' ? undefined : await postgres.newDatabase();
        const prepared = prepare(conditions, {
          sessions: 1,
          ...(databaseUrl !== undefined && { databaseUrl }),
        });
        const { seconds, cpu, before, during } = await measureImport(conditions, prepared, file);
        rows.push([
          database,
          ...[seconds, count / seconds, cpu].map(number),
          ...[
            computeQuantile(before, 0.5),
            computeQuantile(before, 0.99),
            computeQuantile(during, 0.5),
            computeQuantile(during, 0.99),
          ].map(number),
        ]);
        all.push(atMost(`seconds, ${database}`, aims.seconds, seconds, ' s'));
        all.push(
          atMost(`p99 of logins meanwhile, ${database}`, aims.p99, computeQuantile(during, 0.99), ' ms'),
        );
      }
      return {
        tables: [
          {
            columns: [
              ...['', 's', 'users/s', 'CPU s of the command', 'logins before: p50 ms', 'p99 ms'],
              ...['logins meanwhile: p50 ms', 'p99 ms'],
            ],
            rows,
          },
        ],
        aims: all,
        notes: [
          `Half of the users have a role, each has an address and a hash of PBKDF2. ${1000 / every} logins a second, timed from when they were due; their hashes cost as little as can be, so that what is left is the database. The command runs on the load's core, as an operator runs it beside the service.`,
        ],
      };
    }),
};

function writeUsers(conditions: Conditions, count: number): string {
  const file = join(conditions.newFolder('users'), 'users.ndjson');
  const digits = (index: number, length: number): string => index.toString(16).padStart(length, '0');
  const users = Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      ...{ id: String(index + 1), username: `person${index}`, email: `person${index}@example.com` },
      ...{ email_verified: true, roles: index % 2 === 0 ? [] : ['editor'] },
      password_hash: `pbkdf2:sha256:1000$${digits(index, 16)}$${digits(index, 64)}`,
    }),
  );
  writeFileSync(file, `${users.join('\n')}\n`);
  return file;
}

interface Measured {
  readonly seconds: number;
  readonly cpu: number;
  readonly before: readonly number[];
  readonly during: readonly number[];
}

async function measureImport(conditions: Conditions, prepared: Prepared, file: string): Promise<Measured> {
  const cheap: Settings = { LATCHKEY_PASSWORD_MEMORY_COST: '8', LATCHKEY_PASSWORD_TIME_COST: '1' };
  const settings = { ...prepared.settings, ...cheap };
  const server = await startLatchkey(latchkey({ settings }), conditions.cores.server);
  const client = new Client();
  try {
    const bodies = readFileSync(prepared.logins, 'utf8').trimEnd().split('\n');
    const logins = logInSteadily(client, `${server.url}/login`, bodies);
    const { usual, quick } = alone;
    await new Promise((resolve) => setTimeout(resolve, 1000 * (conditions.quick ? quick : usual)));
    const before = await logins.take();
    const begun = performance.now();
    const command = new PinnedProcess(
      {
        command: process.execPath,
        args: [join(checkout, 'bin/latchkey.js'), 'import', 'users', file, '--create-roles', '--json'],
        env: settings,
      },
      conditions.cores.load,
    );
    let cpu = 0;
    const watching = setInterval(() => {
      if (!command.hasEnded) cpu = command.cpuSeconds();
    }, 100);
    await command.finished().finally(() => {
      clearInterval(watching);
    });
    const seconds = (performance.now() - begun) / 1000;
    const during = await logins.take();
    await logins.stop();
    return { seconds, cpu, before, during };
  } finally {
    client.close();
    await server.stop();
  }
}

function logInSteadily(client: Client, url: string, bodies: readonly string[]) {
  let times: number[] = [];
  let sent = 0;
  const failed: unknown[] = [];
  const pending = new Set<Promise<void>>();
  let due = performance.now();
  const timer = setInterval(() => {
    // A timer that was late sends what was due meanwhile, and its time counts from then.
    for (const now = performance.now(); due <= now; due += every) {
      const since = due;
      const body = JSON.parse(bodies[(sent += 1) % bodies.length] ?? '') as object;
      const asked = client.expect(200, url, { body }).then(
        () => void times.push(performance.now() - since),
        (error: unknown) => void failed.push(error),
      );
      pending.add(asked);
      void asked.finally(() => pending.delete(asked));
    }
  }, every);
  /** The times since the last call. */
  const take = async (): Promise<number[]> => {
    await Promise.all(pending);
    if (failed.length > 0) throw failed[0];
    const taken = times;
    times = [];
    return taken;
  };
  return {
    take,
    stop: async () => {
      clearInterval(timer);
      await take();
    },
  };
}
