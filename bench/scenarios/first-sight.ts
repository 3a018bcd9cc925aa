import { fileURLToPath } from 'node:url';
import { PinnedProcess } from '../harness/processes.ts';
import { atMost, number, ratio } from '../harness/report.ts';
import { median } from '../harness/statistics.ts';
import type { Scenario } from './scenario.ts';

const script = fileURLToPath(new URL('../latchkey/first-sight.ts', import.meta.url));

export const firstSight: Scenario = {
  title: 'Verifying an ES256 token that was never seen before',
  run: async ({ cores, rounds }) => {
    const program = { command: process.execPath, args: [script, String(rounds)] };
    const result = (await new PinnedProcess(program, cores.server).result()) as [string, number[]][];
    const times = result.map(([name, each]) => [name, median(each)] as const);
    const fastest = Math.min(
      ...times.filter(([name]) => name.startsWith('node:crypto')).map(([, each]) => each),
    );
    const own = times.find(([name]) => name.includes('Latchkey'))?.[1] ?? NaN;
    return {
      tables: [
        {
          columns: ['', 'CPU µs a token', 'ratio'],
          rows: times.map(([name, each]) => [name, number(each), ratio(each / fastest)]),
        },
      ],
      aims: [atMost('CPU of a verification to node:crypto’s own, the faster way', 1.15, own / fastest)],
      notes: [],
    };
  },
};
