import { basename } from 'node:path';
import type { Conditions } from '../harness/conditions.ts';
import { Client } from '../harness/client.ts';
import type { Load } from '../harness/load.ts';
import { measure, computeMedians, describeNoise, type Figures } from '../harness/measure.ts';
import { atMost, number, ratio, type Aim, type Table } from '../harness/report.ts';
import { interleave } from '../harness/rounds.ts';
import { withServers, type Server } from '../harness/server.ts';
import { computeMedian } from '../harness/statistics.ts';
import { importUsers, logIn } from '../latchkey/enrolled-users.ts';
import { latchkey, prepare, startLatchkey, type Prepared } from '../latchkey/latchkey.ts';
import type { Scenario } from './scenario.ts';

/** Logins of one measurement, each of another user. */
const logins = { usual: 200, quick: 10 };
/** Milliseconds of processor time that a code may take. */
const aim = 1;
/** Of processor time, compared with versions without second factors: what runs differ by. */
const aimOfBefore = 1.05;
const users = 50;

/** What computes argon2id: a thread of its own, in older versions libuv's. */
const passwordThreads = ['password-hash', 'libuv-worker'];

/** Attempts are counted as always, and none has to wait. */
const noWait = {
  LATCHKEY_LOGIN_FREE_ATTEMPTS: '1000000',
  LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS: '1000000',
};

export const secondFactors: Scenario = {
  title: 'What a code adds to a login',
  run: async (conditions, { against }) => {
    const steps = await measureSteps(conditions);
    const before = against.length > 0 ? await measureAgainst(conditions, against) : undefined;
    return {
      tables: [steps.table, ...(before ? [before.table] : [])],
      aims: [steps.aim, ...(before?.aims ?? [])],
      notes: [
        `Both kinds of logins check one password, and are measured in turn on one service, ${number(steps.count)} a round, ${steps.connections} at a time.`,
        ...(before?.notes ?? []),
      ],
    };
  },
};

interface Steps {
  readonly table: Table;
  readonly aim: Aim;
  readonly count: number;
  readonly connections: number;
}

/** Whole logins with an app, beside those without. */
async function measureSteps(conditions: Conditions): Promise<Steps> {
  const { cores, rounds, quick } = conditions;
  const count = quick ? logins.quick : logins.usual;
  const connections = 4 * cores.count;
  const prepared = prepare(conditions, { users: 1, sessions: 1, settings: noWait });
  importUsers(prepared, count * (rounds + 1), conditions.newFolder('users'));
  const client = new Client();
  const subjects = [false, true] as const;
  const measured = await withServers(
    { service: () => startLatchkey(latchkey(prepared), cores.all) },
    async ({ service }) => {
      const once = (hasApp: boolean, round: number): Promise<StepFigures> =>
        logInAll(service, { first: round * count, count, connections, hasApp, client });
      for (const subject of subjects) await once(subject, rounds);
      return interleave(subjects, rounds, once);
    },
  );
  client.close();
  const of = (hasApp: boolean, what: keyof StepFigures): number =>
    computeMedian((measured.get(hasApp) ?? []).map((figures) => figures[what]));
  const row = (title: string, hasApp: boolean): string[] => [
    title,
    number(of(hasApp, 'cpu')),
    number(of(hasApp, 'besidePasswords')),
  ];
  const added = of(true, 'cpu') - of(false, 'cpu');
  return {
    table: {
      columns: ['a login', 'CPU ms', 'of it beside argon2id'],
      rows: [row('by a password', false), row('by a password and a code, in two requests', true)],
    },
    aim: atMost('CPU of a login with a code more than of one without', aim, added, ' ms'),
    count,
    connections,
  };
}

/** Milliseconds a login. */
interface StepFigures {
  readonly cpu: number;
  readonly besidePasswords: number;
}

async function logInAll(
  { process, url }: Server,
  {
    first,
    count,
    connections,
    hasApp,
    client,
  }: {
    readonly first: number;
    readonly count: number;
    readonly connections: number;
    readonly hasApp: boolean;
    readonly client: Client;
  },
): Promise<StepFigures> {
  const besidePasswords = (): number =>
    [...process.threadSeconds()]
      .filter(([name]) => !passwordThreads.includes(name))
      .reduce((sum, [, seconds]) => sum + seconds, 0);
  const [cpuBefore, restBefore] = [process.cpuSeconds(), besidePasswords()];
  let next = first;
  const worker = async (): Promise<void> => {
    while (next < first + count) {
      const index = next;
      next += 1;
      await logIn(client, url, hasApp, index);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  return {
    cpu: ((process.cpuSeconds() - cpuBefore) / count) * 1000,
    besidePasswords: ((besidePasswords() - restBefore) / count) * 1000,
  };
}

/** Logins of accounts without a factor, beside those of other checkouts, each with an installation of its own. */
async function measureAgainst(
  conditions: Conditions,
  against: readonly string[],
): Promise<{ readonly table: Table; readonly aims: readonly Aim[]; readonly notes: readonly string[] }> {
  const { cores, rounds } = conditions;
  const onAllCores = { ...conditions, cores: { ...cores, load: cores.all } };
  const names = ['own', ...against];
  const preparations = new Map<string, Prepared>(
    names.map((name) => [
      name,
      prepare(conditions, {
        ...{ users, sessions: users, costlyPasswords: true, settings: noWait },
        ...(name !== 'own' && { from: name }),
      }),
    ]),
  );
  const find = (name: string): Prepared => {
    const prepared = preparations.get(name);
    if (!prepared) throw new Error(`${name} is not prepared.`);
    return prepared;
  };
  const starts = Object.fromEntries(
    names.map((name) => {
      const program = latchkey(find(name), [], {}, name === 'own' ? undefined : name);
      return [name, () => startLatchkey(program, cores.all)];
    }),
  );
  return withServers(starts, async (servers) => {
    const once = (name: string): Promise<Figures> => {
      const server = servers[name];
      if (!server) throw new Error(`${name} was not started.`);
      return measure(server, createLoad(find(name), cores.count), onAllCores, cores.all);
    };
    for (const name of names) await once(name);
    const measured = await interleave(names, rounds, once);
    const figures = new Map([...measured].map(([name, all]) => [name, computeMedians(all)]));
    const rest = (name: string): number => {
      const { cpu = 0, threads = new Map<string, number>() } = figures.get(name) ?? {};
      return passwordThreads.reduce((left, each) => left - (threads.get(each) ?? 0), cpu);
    };
    const titleOf = (name: string): string =>
      name === 'own' ? '**Latchkey**' : `Latchkey of ${basename(name)}`;
    return {
      table: {
        columns: ['a login without a factor', 'logins/s', 'CPU ms', 'of it beside argon2id', 'ratio of that'],
        rows: names.map((name) => [
          titleOf(name),
          number(figures.get(name)?.perSecond ?? 0),
          number((figures.get(name)?.cpu ?? 0) / 1000),
          number(rest(name) / 1000),
          ratio(rest(name) / rest('own')),
        ]),
      },
      aims: against.map((name) =>
        atMost(
          `CPU of a login without a factor to ${basename(name)}`,
          aimOfBefore,
          (figures.get('own')?.cpu ?? 0) / (figures.get(name)?.cpu ?? 1),
        ),
      ),
      notes: describeNoise(figures.values()),
    };
  });
}

function createLoad({ logins: file }: Prepared, cores: number): Load {
  return {
    connections: 4 * cores,
    requests: { method: 'POST', path: '/login', lines: { as: 'body', file } },
  };
}
