import { Client } from '../harness/client.ts';
import { number, type Table } from '../harness/report.ts';
import { withServers } from '../harness/server.ts';
import { shuffle } from '../harness/shuffled.ts';
import { computeMedian, computeSeparation } from '../harness/statistics.ts';
import { kinds, makeAddresses, type Kind } from '../latchkey/known-addresses.ts';
import { latchkey, prepare, startLatchkey } from '../latchkey/latchkey.ts';
import type { Scenario } from './scenario.ts';

/** Of each kind, in a round of the harness. */
const samples = { usual: 200, quick: 10 };
/** What is done at the first requests alone is not what an attacker measures. */
const warmUps = 10;

const settings = {
  LATCHKEY_REGISTRATION: 'open',
  LATCHKEY_REGISTRATION_LIMIT: '0',
  LATCHKEY_REGISTRATIONS_PER_HOUR: '1000000',
  LATCHKEY_RECOVERY_LIMIT: '0',
};

const titles: Readonly<Record<Kind, string>> = {
  unknown: 'no account has it: what the others are told from',
  'unknown again': 'no account has it either: what chance gives',
  known: 'an account has it',
  disabled: 'a disabled account has it',
  unproved: 'an account has it, not verified',
};

type Times = Readonly<Record<Kind, number[]>>;

export const addressTiming: Scenario = {
  title: 'How well addresses of accounts are told from others by the time that requests take',
  run: async (conditions) => {
    const { quick, rounds, cores } = conditions;
    const count = rounds * (quick ? samples.quick : samples.usual) + warmUps;
    const prepared = prepare(conditions, { users: 1, sessions: 1, costlyPasswords: true, settings });
    const addresses = makeAddresses(prepared, count);
    const client = new Client();
    const tables = await withServers(
      { service: () => startLatchkey(latchkey(prepared), cores.server) },
      async ({ service }) => {
        const tokens = Object.fromEntries(kinds.map((kind) => [kind, [] as string[]])) as Record<
          Kind,
          string[]
        >;
        const measure = async (path: string, expected: number, body: object): Promise<[number, string]> => {
          const began = performance.now();
          const { status, text } = await client.send(`${service.url}${path}`, { body });
          const time = performance.now() - began;
          if (status !== expected) throw new Error(`${path} gave ${status} rather than ${expected}: ${text}`);
          return [time, text];
        };
        /** One request about an address of each kind, in random order, and so on. */
        const inRounds = async (send: (kind: Kind, index: number) => Promise<number>): Promise<Times> => {
          const taken = Object.fromEntries(kinds.map((kind) => [kind, [] as number[]])) as Record<
            Kind,
            number[]
          >;
          for (let index = 0; index < count; index += 1) {
            for (const kind of shuffle(kinds)) {
              const time = await send(kind, index);
              if (index >= warmUps) taken[kind].push(time);
            }
          }
          return taken;
        };
        const email = (kind: Kind, index: number): string => addresses[kind][index] ?? '';
        const token = (kind: Kind, index: number): string => tokens[kind][index] ?? '';
        const password = 'a long password that nobody has';
        return [
          toTable(
            'POST /register',
            await inRounds(async (kind, index) => {
              const body = { email: email(kind, index), password };
              const [time, text] = await measure('/register', 202, body);
              tokens[kind].push((JSON.parse(text) as { registration_token: string }).registration_token);
              return time;
            }),
          ),
          toTable(
            'POST /email/verification: another message',
            await inRounds(async (kind, index) => {
              const body = { registration_token: token(kind, index) };
              return (await measure('/email/verification', 204, body))[0];
            }),
          ),
          toTable(
            'POST /email/verify: a wrong code',
            await inRounds(async (kind, index) => {
              const body = { code: '000000', registration_token: token(kind, index) };
              return (await measure('/email/verify', 400, body))[0];
            }),
          ),
          toTable(
            'POST /password/forgot',
            await inRounds(async (kind, index) => {
              const body = { email: email(kind, index) };
              return (await measure('/password/forgot', 204, body))[0];
            }),
          ),
        ];
      },
    );
    client.close();
    return {
      tables,
      aims: [],
      notes: [
        `${number(count - warmUps)} requests of each kind, one at a time, each about another address, in rounds of one of each in random order. AUC: how probable it is that one takes longer than one about an address that no account has; 0.5 tells nothing, and two standard errors from it are chance.`,
      ],
    };
  },
};

function toTable(title: string, times: Times): Table {
  return {
    title,
    columns: ['the address', 'median ms', 'AUC', 'standard error'],
    rows: kinds.map((kind) => {
      const { area, standardError } = computeSeparation(times[kind], times.unknown);
      const isBaseline = kind === 'unknown';
      return [
        titles[kind],
        number(computeMedian(times[kind])),
        ...(isBaseline ? ['', ''] : [area.toFixed(3), standardError.toFixed(3)]),
      ];
    }),
  };
}
