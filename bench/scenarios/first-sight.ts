import { fileURLToPath } from 'node:url';
import { PinnedProcess } from '../harness/processes.ts';
import { atMost, number, ratio } from '../harness/report.ts';
import { computeMedian } from '../harness/statistics.ts';
import type { Scenario } from './scenario.ts';

const script = fileURLToPath(new URL('../latchkey/first-sight.ts', import.meta.url));

export const firstSight: Scenario = {
  title: 'Signing an ES256 token, and verifying one that was never seen before',
  run: async ({ cores, rounds }) => {
    const program = { command: process.execPath, args: [script, String(rounds)] };
    const result = (await new PinnedProcess(program, cores.server).result()) as [string, number[]][];
    const tableOf = (what: string) => {
      const times = result
        .filter(([name]) => name.startsWith(`${what}: `))
        .map(([name, each]) => [name.slice(what.length + 2), computeMedian(each)] as const);
      const timeOf = (part: string): number => times.find(([name]) => name.includes(part))?.[1] ?? NaN;
      const fastest = Math.min(
        ...times.filter(([name]) => name.startsWith('node:crypto')).map(([, each]) => each),
      );
      return {
        table: {
          columns: [what, 'CPU µs a token', 'ratio'],
          rows: times.map(([name, each]) => [name, number(each), ratio(each / fastest)]),
        },
        toJsonwebtoken: timeOf('Latchkey') / timeOf('jsonwebtoken'),
      };
    };
    const [verifying, signing] = [tableOf('verifying'), tableOf('signing')];
    return {
      tables: [verifying.table, signing.table],
      aims: [
        atMost('CPU of a verification to jsonwebtoken’s own', 1.15, verifying.toJsonwebtoken),
        atMost('CPU of a signature to jsonwebtoken’s own', 1.15, signing.toJsonwebtoken),
      ],
      notes: [],
    };
  },
};
