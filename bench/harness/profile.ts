import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Conditions } from './conditions.ts';
import { checkout } from './folders.ts';
import type { Load } from './load.ts';
import { measure } from './measure.ts';
import type { Report, Table } from './report.ts';
import { Server, type ServerProgram } from './server.ts';

/** The part of a .cpuprofile that is read here. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** The node that ran at each sample. */
  readonly samples: readonly number[];
  /** Microseconds from one sample to the next. */
  readonly timeDeltas: readonly number[];
}

const profiler = fileURLToPath(new URL('../latchkey/profiler.ts', import.meta.url));
const shown = 15;

/**
 * Runs a program of Node under a load, and writes a profile of it.
 * @param program is given what Node has to load first.
 */
export async function profile(
  conditions: Conditions,
  program: (nodeOptions: readonly string[], environment: Readonly<Record<string, string>>) => ServerProgram,
  readyPath: string,
  nextLoad: () => Load,
  file: string,
): Promise<Report> {
  const server = await Server.start(
    program(['--import', profiler], { BENCH_PROFILE: file }),
    conditions.cores.server,
    readyPath,
    200,
  );
  try {
    // Twice: what the first one has compiled is measured by the second as it will be.
    for (let times = 0; times < 2; times += 1) await measure(server, nextLoad(), conditions);
    server.process.signal('SIGUSR2');
    await measure(server, nextLoad(), { ...conditions, seconds: Math.max(conditions.seconds, 3) });
    server.process.signal('SIGUSR2');
    while (!existsSync(file) || !isWhole(file)) await wait(50);
  } finally {
    await server.stop();
  }
  const tables = summarize(JSON.parse(readFileSync(file, 'utf8')) as Profile);
  return { tables, aims: [], notes: [`The profile is in ${relative(checkout, file)}.`] };
}

/** A profile is one JSON object; while it is written its end is missing. */
function isWhole(file: string): boolean {
  return readFileSync(file, 'utf8').endsWith('}');
}

/** Where the time goes: by function, and by whose code it is; without the time in which nothing ran. */
export function summarize({ nodes, samples, timeDeltas }: Profile): Table[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const functions = new Map<string, number>();
  const owners = new Map<string, number>();
  let total = 0;
  samples.forEach((id, index) => {
    const frame = frames.get(id);
    // The profiler's own beginning and end are none of the program's time.
    if (!frame || frame.functionName === '(idle)' || frame.url === 'node:inspector') return;
    const time = timeDeltas[index] ?? 0;
    const owner = findOwner(frame.url, frame.functionName);
    const name = `${frame.functionName || '(anonymous)'} ${place(frame.url, frame.lineNumber)}`.trim();
    functions.set(name, (functions.get(name) ?? 0) + time);
    owners.set(owner, (owners.get(owner) ?? 0) + time);
    total += time;
  });
  const rows = (times: ReadonlyMap<string, number>): string[][] =>
    [...times]
      .sort(([, a], [, b]) => b - a)
      .slice(0, shown)
      .map(([name, time]) => [name, `${((time / total) * 100).toFixed(1)}%`]);
  return [
    { columns: ['whose code', 'self time'], rows: rows(owners) },
    { columns: ['function', 'self time'], rows: rows(functions) },
  ];
}

/** A package's name, Latchkey, Node, or V8. */
function findOwner(url: string, functionName: string): string {
  if (url.startsWith('node:')) return 'Node';
  if (url === '') return functionName.startsWith('(') ? `V8 ${functionName}` : 'Node and V8, native';
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
  return name ?? 'Latchkey';
}

function place(url: string, line: number): string {
  if (url === '') return '';
  const path = url.replace(/^.*\/node_modules\//, '').replace(/^file:\/\/.*\/dist\//, '');
  return `${path}:${line + 1}`;
}
