import { fileURLToPath } from 'node:url';
import { Postgres } from '../harness/postgres.ts';
import { PinnedProcess } from '../harness/processes.ts';
import { number, ratio } from '../harness/report.ts';
import { computeMedian } from '../harness/statistics.ts';
import { prepare } from '../latchkey/latchkey.ts';
import type { Scenario } from './scenario.ts';

const script = fileURLToPath(new URL('../latchkey/statements.ts', import.meta.url));
const sessions = 2000;

export const statements: Scenario = {
  title: 'The statement of a refresh, compiled once and prepared, and without either',
  run: (conditions) =>
    Postgres.during(conditions.cores.database, async (postgres) => {
      const { cores, rounds } = conditions;
      const databaseUrl = await postgres.newDatabase();
      const { settings } = prepare(conditions, { sessions, databaseUrl });
      const args = [script, databaseUrl, String(rounds)];
      const program = { command: process.execPath, args, env: settings };
      const result = (await new PinnedProcess(program, cores.server).result()) as [string, number[]][];
      const tableOf = (what: string, unit: string) => {
        const times = result
          .filter(([name]) => name.startsWith(`${what}: `))
          .map(([name, each]) => [name.slice(what.length + 2), computeMedian(each)] as const);
        const fastest = Math.min(...times.map(([, each]) => each));
        return {
          columns: [what, unit, 'ratio'],
          rows: times.map(([name, each]) => [name, number(each), ratio(each / fastest)]),
        };
      };
      return {
        tables: [tableOf('compiling', 'CPU µs'), tableOf('executing', 'µs until the response')],
        aims: [],
        notes: [],
      };
    }),
};
