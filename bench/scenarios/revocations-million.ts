import { checkProtected } from '../harness/check-protected.ts';
import type { Load } from '../harness/load.ts';
import { measure, computeMedians, warmUp, describeNoise } from '../harness/measure.ts';
import { atMost, number } from '../harness/report.ts';
import { interleave } from '../harness/rounds.ts';
import { withServers, type Server } from '../harness/server.ts';
import { copyOf, latchkey, prepare, startLatchkey, type Prepared } from '../latchkey/latchkey.ts';
import { revoke } from '../latchkey/revoke.ts';
import type { Scenario } from './scenario.ts';

const million = 1_000_000;
const connections = 32;

export const revocationsMillion: Scenario = {
  title: 'GET /protected with 1,000,000 live revocations and with none',
  run: async (conditions) => {
    const { cores, rounds, quick } = conditions;
    const none = prepare(conditions, { sessions: conditions.tokens });
    const many = copyOf(conditions, none);
    await revoke(many, quick ? million / 10 : million);
    const requests = {
      method: 'GET',
      path: '/protected',
      lines: { as: 'Authorization', file: none.accessTokens },
    } as const;
    const load: Load = { connections, requests };
    const start = (prepared: Prepared) => () => startLatchkey(latchkey(prepared), cores.server);
    return withServers({ none: start(none), many: start(many) }, async (servers) => {
      const both = [servers.none, servers.many];
      for (const server of both) {
        await checkProtected(server, requests);
        await warmUp(server, load, conditions, true);
      }
      const measured = await interleave(both, rounds, (server) => measure(server, load, conditions));
      const of = (server: Server) => computeMedians(measured.get(server) ?? []);
      const memory = (server: Server): number => server.process.memory().resident;
      const row = (title: string, server: Server): string[] => {
        const { perSecond, cpu, p99 } = of(server);
        return [
          title,
          number(perSecond),
          number(cpu),
          number(p99),
          number(memory(server)),
          number(server.startTime),
        ];
      };
      return {
        tables: [
          {
            columns: [
              'live revocations',
              'requests/s',
              'CPU µs a request',
              'p99 ms',
              'memory MiB',
              'ready after ms',
            ],
            rows: [
              row('none', servers.none),
              row((quick ? million / 10 : million).toLocaleString('en-US'), servers.many),
            ],
          },
        ],
        aims: [
          atMost(
            'CPU a request with a million revocations to without',
            1.02,
            of(servers.many).cpu / of(servers.none).cpu,
          ),
          atMost('memory for a million revocations', 64, memory(servers.many) - memory(servers.none), ' MiB'),
        ],
        notes: describeNoise(both.map(of)),
      };
    });
  },
};
