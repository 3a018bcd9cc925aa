// Reads all live revocations of DATABASE_URL, as a replica does when it starts, into a process that holds nothing else
// (with --expose-gc), and checks tokens as each request does: all identifiers of one in one call. Prints what that took.
import pg from 'pg';
import { v7 } from 'uuid';
import type { AccessTokenClaims } from '../../src/tokens/access-token-claims.ts';
import { computeMedian } from '../harness/statistics.ts';
import { loadBuilt } from './built.ts';

const { openDatabase } = await loadBuilt('database/open-database.js');
const { readConfig } = await loadBuilt('config/config.js');
const { Revocations } = await loadBuilt('revocations/revocations.js');
const { systemClock } = await loadBuilt('clock.js');

/** How often each way of asking is timed. */
const repetitions = 3;
const liveTokens = 200_000;
/** About so many. */
const revokedTokens = 20_000;

const database = openDatabase(readConfig(process.env).databaseUrl);
await database.ping(); // it is connected
const revocations = new Revocations(database, systemClock);
const before = bytes();
const [begun, cpuBefore] = [performance.now(), process.cpuUsage()];
await revocations.readAll();
const seconds = (performance.now() - begun) / 1000;
const cpuSeconds = computeElapsedCpu(cpuBefore) / 1e6;
const mebibytes = (bytes() - before) / 2 ** 20;

const live = Array.from({ length: liveTokens }, () => claimsOf(v7()));
const revoked = (await someSessions()).map(claimsOf);
microseconds(live, false); // it is compiled
const result = {
  held: revocations.size,
  mebibytes,
  seconds,
  cpuSeconds,
  live: computeMedian(Array.from({ length: repetitions }, () => microseconds(live, false))),
  revoked: computeMedian(Array.from({ length: repetitions }, () => microseconds(revoked, true))),
};
await database.close();
console.log(`RESULT ${JSON.stringify(result)}`);

function bytes(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function computeElapsedCpu(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return user + system;
}

/** Ended sessions, from all over what is held, in no order. */
async function someSessions(): Promise<string[]> {
  const client = new pg.Client(process.env['DATABASE_URL'] ?? '');
  await client.connect();
  const { rows } = await client.query<{ target: string }>(
    `select target from revocations tablesample bernoulli ($1) where kind = 'session' order by random()`,
    [Math.min(100, (revokedTokens / revocations.size) * 100)],
  );
  await client.end();
  return rows.map(({ target }) => target);
}

/** A session's token. Its identifiers are not the very strings that the table has seen: a request's are its own. */
function claimsOf(session: string): AccessTokenClaims {
  const own = { sid: session, jti: v7(), sub: v7(), ver: 0, roles: ['auditor'], roles_ver: 0 };
  return JSON.parse(JSON.stringify(own)) as AccessTokenClaims;
}

/** Processor time that the check of a token takes, in microseconds. */
function microseconds(tokens: readonly AccessTokenClaims[], expected: boolean): number {
  const since = process.cpuUsage();
  let wrong = 0;
  for (const claims of tokens) if (revocations.isRevoked(claims) !== expected) wrong += 1;
  const elapsed = computeElapsedCpu(since);
  if (wrong > 0) throw new Error(`${wrong} checks were wrong.`);
  return elapsed / tokens.length;
}
