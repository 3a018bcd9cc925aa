import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';

/** Lists of cores, as `taskset -c` takes them. */
export interface Cores {
  /** One: the servers that are compared have one event loop, or the like. */
  readonly server: string;
  readonly load: string;
  /** Where a database server runs: beside the load where there are only two. */
  readonly database: string;
  /** All but the load's. */
  readonly servers: string;
  readonly all: string;
  readonly count: number;
}

/** @throws where server and load cannot have a core each: what they take from each other would be measured. */
export function findCores(): Cores {
  if (spawnSync('taskset', ['--version']).error) {
    throw new Error(
      'The benchmarks pin processes to cores with taskset, which is not here (Debian: util-linux).',
    );
  }
  const ids = readAllowedCores();
  const [first, ...others] = ids;
  const last = others.at(-1);
  if (first === undefined || last === undefined) {
    throw new Error('The benchmarks need two cores: one for the server, one for the load.');
  }
  return {
    server: first,
    load: last,
    database: others.at(-2) ?? last,
    servers: ids.slice(0, -1).join(','),
    all: ids.join(','),
    count: ids.length,
  };
}

function readAllowedCores(): string[] {
  const [, list = ''] = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return list.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
  });
}

/** How long some cores have been busy, in seconds, summed. */
export function measureBusySeconds(cores: string): number {
  const lines = readFileSync('/proc/stat', 'utf8').split('\n');
  let ticks = 0;
  for (const core of cores.split(',')) {
    const fields =
      lines
        .find((line) => line.startsWith(`cpu${core} `))
        ?.split(/\s+/)
        .slice(1)
        .map(Number) ?? [];
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields;
    ticks += user + nice + system + irq + softirq + steal;
  }
  return ticks / ticksPerSecond;
}

/** What /proc counts processor time in; Linux has had it at 100 on every platform for programs to see. */
export const ticksPerSecond = 100;
