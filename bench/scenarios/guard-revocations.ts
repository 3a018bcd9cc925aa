import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Conditions } from '../harness/conditions.ts';
import { checkout } from '../harness/folders.ts';
import { PinnedProcess, type Program } from '../harness/processes.ts';
import { number, type Report } from '../harness/report.ts';
import { interleave } from '../harness/rounds.ts';
import { withServers, type Server } from '../harness/server.ts';
import { computeMedian } from '../harness/statistics.ts';
import { latchkey, prepare, startLatchkey, type Prepared } from '../latchkey/latchkey.ts';
import { revoke } from '../latchkey/revoke.ts';
import { guardPython, findMissingToolchain, type Toolchain } from '../toolchains.ts';
import type { Scenario } from './scenario.ts';

const script = (name: string): string => fileURLToPath(new URL(`../latchkey/${name}`, import.meta.url));

interface Guard {
  readonly title: string;
  readonly toolchain: Toolchain;
  readonly program: Program;
}

interface Run {
  readonly held: number;
  readonly seconds: number;
  readonly mebibytes: number;
  /** Of a check. */
  readonly microseconds: number;
}

const guards: readonly Guard[] = [
  {
    title: 'Node',
    toolchain: 'node',
    program: { command: process.execPath, args: ['--expose-gc', script('guard-revocations.ts')] },
  },
  {
    title: 'Python',
    toolchain: 'python-guard',
    program: {
      command: guardPython,
      args: [script('guard_revocations.py')],
      env: { PYTHONPATH: join(checkout, 'guards/python/src'), PYTHONDONTWRITEBYTECODE: '1' },
    },
  },
];

export const guardRevocations: Scenario = {
  toolchains: ['python-guard'],
  title: 'A guard that begins while 1,000,000 revocations are live',
  run: async (conditions) => {
    const prepared = prepare(conditions, { users: 1, sessions: 1 });
    const count = conditions.quick ? 50_000 : 1_000_000;
    await revoke(prepared, count);
    return withServers(
      { service: () => startLatchkey(latchkey(prepared), conditions.cores.server) },
      ({ service }) => measure(conditions, prepared, service, count),
    );
  },
};

async function measure(
  { cores, fewRounds }: Conditions,
  { settings, client, accessTokens }: Prepared,
  service: Server,
  count: number,
): Promise<Report> {
  const { id, secret } = JSON.parse(readFileSync(client, 'utf8')) as { id: string; secret: string };
  const env = {
    SERVICE: service.url,
    ISSUER: settings['LATCHKEY_ISSUER'] ?? '',
    CLIENT_ID: id,
    CLIENT_SECRET: secret,
    AUTHORIZATION: readFileSync(accessTokens, 'utf8').trimEnd(),
  };
  const reasons = new Map(guards.map((guard) => [guard, findMissingToolchain(guard.toolchain)]));
  const present = guards.filter((guard) => reasons.get(guard) === undefined);
  const measured = await interleave(present, fewRounds(3), async ({ program }) => {
    // On the load's core: the service, which sends them, has its own.
    const process = new PinnedProcess({ ...program, env: { ...program.env, ...env } }, cores.load);
    const run = (await process.result()) as Run;
    // The service's own start may have revoked something.
    if (run.held < count) throw new Error(`${run.held} of ${count} revocations were held.`);
    return run;
  });
  const measuredRows = [...measured].map(([{ title }, runs]) => {
    const of = (name: keyof Run): string => number(computeMedian(runs.map((run) => run[name])));
    return [title, of('seconds'), of('mebibytes'), of('microseconds')];
  });
  const absentRows = [...reasons].flatMap(([{ title }, reason]) =>
    reason === undefined ? [] : [[title, `not measured: ${reason}`, '', '']],
  );
  return {
    tables: [
      {
        columns: [
          `the guard, ${number(count)} live revocations`,
          'until it knows them, s',
          'memory MiB',
          'check of a known token, µs',
        ],
        rows: [...measuredRows, ...absentRows],
      },
    ],
    aims: [],
    notes: [`Medians of ${fewRounds(3)} rounds.`],
  };
}
