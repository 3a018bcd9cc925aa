import { cpus, release } from 'node:os';
import type { Conditions } from './conditions.ts';

/** The day, the machine and how it is measured: figures without them say nothing. */
export function describeMachine({ cores, generator, rounds, seconds }: Conditions, date: string): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const platforms = [
    `Linux ${release()}`,
    `Node ${process.versions.node}`,
    `SQLite ${process.versions['sqlite']}`,
  ];
  return [
    `${date}, ${model}, ${cores.count} cores; medians of ${rounds} interleaved rounds of ${seconds} s; ${generator};`,
    `${platforms.join(', ')};`,
  ].join('\n');
}
