import { measureBusySeconds } from './cores.ts';
import type { Conditions } from './conditions.ts';
import { LoadRun, type Load } from './load.ts';
import { number, type Table } from './report.ts';
import type { Server } from './server.ts';
import { computeMedian } from './statistics.ts';

/** What one round has measured of one server. */
export interface Figures {
  readonly requests: number;
  readonly perSecond: number;
  /** Processor time of the server for one request, in microseconds: all its threads and child processes. */
  readonly cpu: number;
  /** The same of each of its own threads, by their names. */
  readonly threads: ReadonlyMap<string, number>;
  /** Milliseconds. */
  readonly p50: number;
  /** Milliseconds. */
  readonly p99: number;
  /** What part of the server's cores other processes took meanwhile, from 0 to 1. */
  readonly taken: number;
}

/**
 * Puts a load on a server.
 * @throws where a request fails: the figures of failed requests mean nothing.
 */
export async function measure(
  server: Server,
  load: Load,
  { cores, generator, seconds }: Conditions,
  serverCores = cores.server,
): Promise<Figures> {
  const cpuBefore = server.process.cpuSeconds();
  const threadsBefore = server.process.threadSeconds();
  const busyBefore = measureBusySeconds(serverCores);
  const begun = performance.now();
  const result = await new LoadRun(generator, load, server.url, seconds, cores.load).result();
  const elapsed = (performance.now() - begun) / 1000;
  const cpu = server.process.cpuSeconds() - cpuBefore;
  const busy = measureBusySeconds(serverCores) - busyBefore;
  if (result.failures > 0) {
    throw new Error(`${result.failures} of ${result.requests} requests failed: ${server.process.output}`);
  }
  const threads = server.process.threadSeconds();
  return {
    requests: result.requests,
    perSecond: result.requests / result.seconds,
    cpu: (cpu / result.requests) * 1e6,
    threads: new Map(
      [...threads].map(([name, seconds]) => [
        name,
        ((seconds - (threadsBefore.get(name) ?? 0)) / result.requests) * 1e6,
      ]),
    ),
    // Without any response, it took longer than the whole measurement.
    p50: result.requests > 0 ? result.p50 : Infinity,
    p99: result.requests > 0 ? result.p99 : Infinity,
    taken: Math.min(1, Math.max(0, busy - cpu) / elapsed / serverCores.split(',').length),
  };
}

/** How many measurements a warm-up takes at most; a server that is slow is measured all the same. */
const maxWarmUps = 10;

/** Puts a load on a server, until its code is compiled and, where it remembers tokens, it has seen them all. */
export async function warmUp(
  server: Server,
  load: Load,
  conditions: Conditions,
  remembers = false,
): Promise<void> {
  // With some to spare: a load does not begin where the last one ended.
  const requests = remembers ? 1.2 * conditions.tokens : 0;
  let sent = 0;
  for (let count = 0; count === 0 || (sent < requests && count < maxWarmUps); count += 1) {
    const figures = await measure(server, load, conditions);
    sent += figures.requests;
  }
}

/** The medians of rounds. */
export function computeMedians(rounds: readonly Figures[]): Figures {
  const of = (name: Exclude<keyof Figures, 'threads'>): number =>
    computeMedian(rounds.map((figures) => figures[name]));
  const threads = new Set(rounds.flatMap((figures) => [...figures.threads.keys()]));
  return {
    requests: of('requests'),
    perSecond: of('perSecond'),
    cpu: of('cpu'),
    threads: new Map(
      [...threads].map((name) => [
        name,
        computeMedian(rounds.map((figures) => figures.threads.get(name) ?? 0)),
      ]),
    ),
    p50: of('p50'),
    p99: of('p99'),
    taken: of('taken'),
  };
}

/** The medians of one subject, where those that are measured otherwise have no figures. */
export function computeMediansOf<Subject>(
  measured: ReadonlyMap<Subject, readonly (Figures | undefined)[]>,
  subject: Subject,
): Figures {
  return computeMedians((measured.get(subject) ?? []).filter((figures) => figures !== undefined));
}

/** Where the processor time of the service goes, thread by thread; those that take next to nothing are left out. */
export function tabulateThreads(of: string, { threads, cpu }: Figures): Table {
  const [unit, divisor] = cpu < 10_000 ? ['µs', 1] : ['ms', 1000];
  return {
    columns: [`the processor time of ${of}, by thread`, `CPU ${unit}`, 'share'],
    rows: [...threads]
      .sort(([, a], [, b]) => b - a)
      .filter(([, time]) => time > cpu / 1000)
      .map(([name, time]) => [name, number(time / divisor), `${((time / cpu) * 100).toFixed(1)}%`]),
  };
}

/** A note where other processes took more of the cores than comparisons can bear. */
export function describeNoise(figures: Iterable<Figures>): string[] {
  const taken = Math.max(...[...figures].map((each) => each.taken));
  return taken > 0.05
    ? [
        `Other processes took up to ${Math.round(taken * 100)}% of the server's cores: these figures are noisy.`,
      ]
    : [];
}
