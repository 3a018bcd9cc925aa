// What a refresh's statement costs with and without two things that exist for speed: `compileOnce`, which keeps the SQL that
// Kysely has made, and a prepared statement, which keeps PostgreSQL's plan. Arguments: the URL of an installation on
// PostgreSQL, and how many rounds. Prints for each the microseconds that a statement takes in each round: processor time of
// this process for compiling, time until the response for executing.
import type { CompiledQuery } from 'kysely';
import pg from 'pg';
import { pino } from 'pino';
import { interleave } from '../harness/rounds.ts';
import { loadBuilt } from './built.ts';

const [, , url = '', rounds] = process.argv;
const compilations = 3000;
const executions = 1000;

const { readConfig } = await loadBuilt('config/config.js');
const { systemClock } = await loadBuilt('clock.js');
const { openDatabase } = await loadBuilt('database/open-database.js');
const { rotateSession } = await loadBuilt('sessions/session-rotation.store.js');

const { databaseUrl } = readConfig(process.env);
const database = openDatabase(databaseUrl, { log: pino({ level: 'silent' }) });
const sessions = await database.queries
  .selectFrom('sessions')
  .select(['id', 'generation', 'refresh_key_id'])
  .limit(executions)
  .execute();
if (sessions.length < executions) throw new Error(`It has only ${sessions.length} sessions.`);

interface Compiled {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Takes the statement that rotates a session from what would execute it. @param executor what Kysely compiles with. */
async function compileRotation(index: number, executor = database.queries.getExecutor()): Promise<Compiled> {
  const { id = '', generation = 0, refresh_key_id: key = '' } = sessions[index % executions] ?? {};
  let compiled: Compiled | undefined;
  const queries = {
    getExecutor: () => executor,
    executeQuery: (query: CompiledQuery) => {
      compiled = query;
      return Promise.resolve({ rows: [] });
    },
  } as unknown as typeof database.queries;
  const day = 86_400_000;
  await rotateSession(queries, {
    ...{ id, generation, newKeyId: key, now: database.now(systemClock), grace: 10_000 },
    ...{ refreshLifetime: 30 * day, lifetime: 365 * day, accessExpiresAt: Date.now() + 900_000 },
  });
  if (!compiled) throw new Error('Nothing was executed.');
  return compiled;
}

/** With an adapter of its own, for which nothing has been compiled yet. */
function newExecutor() {
  const executor = database.queries.getExecutor();
  return new Proxy(executor, {
    get(target, name) {
      if (name === 'adapter') return {};
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

async function compile(executorOf: () => ReturnType<typeof newExecutor>): Promise<number> {
  const before = process.cpuUsage();
  for (let index = 0; index < compilations; index += 1) await compileRotation(index, executorOf());
  const { user, system } = process.cpuUsage(before);
  return (user + system) / compilations;
}

const client = new pg.Client(url);
await client.connect();

async function execute(name?: string): Promise<number> {
  const statements = await Promise.all(sessions.map((_, index) => compileRotation(index)));
  const begun = performance.now();
  for (const [index, { sql: text, parameters }] of statements.entries()) {
    const { rowCount } = await client.query({
      text,
      values: [...parameters],
      ...(name !== undefined && { name }),
    });
    if (rowCount !== 1) throw new Error('A session was not rotated.');
    const session = sessions[index];
    if (session) session.generation += 1;
  }
  return ((performance.now() - begun) * 1000) / executions;
}

const kept = database.queries.getExecutor();
const subjects = [
  ['compiling: **once, as the service does it**', () => compile(() => kept)],
  ['compiling: each time', () => compile(newExecutor)],
  ['executing: **prepared, as the service does it**', () => execute('rotation')],
  ['executing: not prepared', () => execute()],
] as const;
for (const [, run] of subjects) await run();
const measured = await interleave(subjects, Number(rounds), ([, run]) => run());
await client.end();
await database.close();
console.log(`RESULT ${JSON.stringify([...measured].map(([[name], times]) => [name, times]))}`);
