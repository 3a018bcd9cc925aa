import { fileURLToPath } from 'node:url';
import type { Conditions } from '../harness/conditions.ts';
import { Postgres } from '../harness/postgres.ts';
import { PinnedProcess } from '../harness/processes.ts';
import { atMost, number, type Report } from '../harness/report.ts';
import { computeMedian } from '../harness/statistics.ts';
import { prepare } from '../latchkey/latchkey.ts';
import { revoke } from '../latchkey/revoke.ts';
import type { Scenario } from './scenario.ts';

const script = fileURLToPath(new URL('../latchkey/revocations-memory.ts', import.meta.url));

/** A live token is looked for by its session, by its own id, and by its subject. */
const lookups = 3;

interface Run {
  readonly held: number;
  readonly mebibytes: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Microseconds of processor time that the check of a live token takes. */
  readonly live: number;
  /** The same of a revoked one. */
  readonly revoked: number;
}

export const revocationsMemory: Scenario = {
  title: 'What 1,000,000 live revocations on PostgreSQL cost a replica: memory, time to load, and a check',
  run: (conditions) =>
    Postgres.during(conditions.cores.database, async (postgres) =>
      measure(conditions, await postgres.newDatabase()),
    ),
};

async function measure(conditions: Conditions, databaseUrl: string): Promise<Report> {
  const { cores, quick } = conditions;
  const rounds = conditions.fewRounds(3);
  const count = quick ? 50_000 : 1_000_000;
  const prepared = prepare(conditions, { users: 1, sessions: 1, databaseUrl });
  await revoke(prepared, count);
  const runs: Run[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const program = {
      command: process.execPath,
      args: ['--expose-gc', script],
      env: prepared.settings,
    };
    runs.push((await new PinnedProcess(program, cores.server).result()) as Run);
  }
  const held = Math.min(...runs.map((run) => run.held));
  if (held !== count) throw new Error(`${held} of ${count} revocations were held.`);
  const of = (name: keyof Run): number => computeMedian(runs.map((run) => run[name]));
  return {
    tables: [
      {
        columns: [
          'live revocations',
          'memory MiB',
          'load s',
          'load, CPU s',
          'check of a live token, CPU µs',
          'of a revoked one, CPU µs',
        ],
        rows: [
          [
            number(count),
            number(of('mebibytes')),
            number(of('seconds')),
            number(of('cpuSeconds')),
            number(of('live')),
            number(of('revoked')),
          ],
        ],
      },
    ],
    aims: [
      atMost('memory of a million revocations', 64, of('mebibytes'), ' MiB'),
      atMost('time to load them', 1, of('seconds'), ' s'),
      atMost('a lookup, a third of the check of a live token', 0.5, of('live') / lookups, ' µs'),
    ],
    notes: [
      `Medians of ${rounds} processes, each of which holds nothing else.`,
      'A check is what a request does: the session, the token and the subject’s version in one call. A live token is looked for in all three tables, one of an ended session in the first.',
    ],
  };
}
