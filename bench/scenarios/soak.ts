import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Conditions } from '../harness/conditions.ts';
import { measure } from '../harness/measure.ts';
import { PinnedProcess } from '../harness/processes.ts';
import { atMost, number } from '../harness/report.ts';
import { withServers, type Server } from '../harness/server.ts';
import { computeMedian } from '../harness/statistics.ts';
import { LiveMemory } from '../latchkey/alive.ts';
import { prepare, startLatchkey } from '../latchkey/latchkey.ts';
import type { Scenario } from './scenario.ts';

const clients = 48;
/** Seconds. */
const accessTokenLifetime = 5;
/** Of what is alive after the first minute. The revocations of that time are in it: they live for minutes. */
const growthAllowed = 1.05;
const loadScript = fileURLToPath(new URL('../latchkey/soak-load.ts', import.meta.url));

interface SoakResult {
  readonly counts: Readonly<Record<string, number>>;
  /** The first few. */
  readonly unexpected: readonly string[];
  readonly unexpectedCount: number;
}

export const soak: Scenario = {
  title: 'Minutes of mixed load: logins, refreshes, logouts, expired and stolen tokens, mistakes',
  asserts: true,
  run: async (conditions, { minutes }) => {
    const { cores } = conditions;
    const seconds = minutes * 60;
    const prepared = prepare(conditions, { users: 50, sessions: conditions.tokens });
    const memory = new LiveMemory(conditions);
    const program = memory.latchkey({
      settings: { ...prepared.settings, JWT_ACCESS_TOKEN_EXPIRES: `${accessTokenLifetime}s` },
    });
    return withServers({ service: () => startLatchkey(program, cores.server) }, async ({ service }) => {
      await rememberTokens(conditions, service, prepared.accessTokens);
      const load = new PinnedProcess(
        {
          command: process.execPath,
          args: [
            loadScript,
            service.url,
            ...[seconds, clients, accessTokenLifetime].map(String),
            prepared.logins,
          ],
        },
        cores.load,
      );
      // The first minute; less where the whole has only a few.
      const settled = Math.min(60, seconds / 4);
      await wait(settled * 1000);
      const resident: number[] = [];
      const before = await memory.of(service);
      for (let elapsed = settled; elapsed < seconds; elapsed += 1) {
        resident.push(service.process.memory().resident);
        await wait(1000);
        if (load.hasEnded) break;
      }
      const after = await memory.of(service);
      const { counts, unexpected, unexpectedCount } = (await load.result()) as SoakResult;
      const tenth = Math.ceil(resident.length / 10);
      return {
        tables: [
          {
            columns: ['requests', 'how many'],
            rows: Object.entries(counts).map(([name, count]) => [name, number(count)]),
          },
          {
            columns: ['memory MiB', 'after the first minute', 'at the end'],
            rows: [
              ['alive', number(before), number(after)],
              [
                'resident',
                number(computeMedian(resident.slice(0, tenth))),
                number(computeMedian(resident.slice(-tenth))),
              ],
            ],
          },
        ],
        aims: [
          atMost('unexpected responses', 0, unexpectedCount),
          atMost('memory that is alive at the end to after the first minute', growthAllowed, after / before),
          atMost(
            'resident memory at the end to after the first minute',
            1.1,
            computeMedian(resident.slice(-tenth)) / computeMedian(resident.slice(0, tenth)),
          ),
        ],
        notes: unexpected,
      };
    });
  },
};

/** As many verified tokens as the service remembers: what grows until then is no leak. */
async function rememberTokens(conditions: Conditions, service: Server, file: string): Promise<void> {
  const lines = { as: 'Authorization', file } as const;
  await measure(
    service,
    { connections: 32, requests: { method: 'GET', path: '/protected', lines } },
    conditions,
  );
}
