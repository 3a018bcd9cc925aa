import { join } from 'node:path';
import type { Load } from '../harness/load.ts';
import { measure } from '../harness/measure.ts';
import { atMost, number } from '../harness/report.ts';
import { withServers } from '../harness/server.ts';
import { median } from '../harness/statistics.ts';
import { latchkey, prepare, startLatchkey, type Prepared } from '../latchkey/latchkey.ts';
import type { Scenario } from './scenario.ts';

export const memoryAndStart: Scenario = {
  title: 'Memory, and the time until GET /health/ready answers 200',
  run: async (conditions) => {
    const { cores, rounds, newFolder } = conditions;
    const prepared = prepare(conditions, { sessions: conditions.tokens });
    const starts = { first: [] as number[], later: [] as number[] };
    const timed = async (
      which: keyof typeof starts,
      installation: Pick<Prepared, 'settings'>,
    ): Promise<void> => {
      const server = await startLatchkey(latchkey(installation), cores.server);
      starts[which].push(server.startTime);
      await server.stop();
    };
    for (let round = 0; round < rounds; round += 1) {
      const database = join(newFolder('first'), 'latchkey.db');
      await timed('first', { settings: { ...prepared.settings, DATABASE_URL: `sqlite:${database}` } });
      await timed('later', prepared);
    }
    const load: Load = {
      connections: 32,
      requests: {
        method: 'GET',
        path: '/protected',
        lines: { as: 'Authorization', file: prepared.accessTokens },
      },
    };
    return withServers(
      { service: () => startLatchkey(latchkey(prepared), cores.server) },
      async ({ service }) => {
        const started = service.process.memory();
        for (let round = 0; round < rounds; round += 1) await measure(service, load, conditions);
        const loaded = service.process.memory();
        return {
          tables: [
            {
              columns: ['', 'median', 'longest'],
              rows: Object.entries(starts).map(([which, times]) => [
                which === 'first' ? 'first start, on an empty folder, ms' : 'later start, ms',
                number(median(times)),
                number(Math.max(...times)),
              ]),
            },
            {
              columns: ['memory', 'MiB', 'at most'],
              rows: [
                ['after the start', number(started.resident), number(started.peak)],
                ['after GET /protected with 10,000 tokens', number(loaded.resident), number(loaded.peak)],
              ],
            },
          ],
          aims: [
            atMost('memory after the load', 120, loaded.resident, ' MiB'),
            atMost('ready after the first start', 1000, median(starts.first), ' ms'),
            atMost('ready after a later start', 1000, median(starts.later), ' ms'),
          ],
          notes: [],
        };
      },
    );
  },
};
