import { Client } from '../harness/client.ts';
import { number } from '../harness/report.ts';
import { withServers } from '../harness/server.ts';
import { shuffle } from '../harness/shuffled.ts';
import { computeMedian, computeSeparation } from '../harness/statistics.ts';
import { latchkey, prepare, startLatchkey } from '../latchkey/latchkey.ts';
import { kinds, makeAccounts, users, type Kind } from '../latchkey/refused-logins.ts';
import type { Scenario } from './scenario.ts';

/** Of each kind, in a round of the harness. */
const samples = { usual: 200, quick: 10 };
/** Of one account. */
const sessions = { usual: 10_000, quick: 100 };

/** Attempts are counted as always, and none has to wait. */
const noWait = {
  LATCHKEY_LOGIN_FREE_ATTEMPTS: '1000000',
  LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS: '1000000',
  LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_SITE: '1000000',
};

const titles: Readonly<Record<Kind, string>> = {
  'wrong password': 'a wrong password: what the others are told from',
  'wrong password again': 'a wrong password of other accounts: what chance gives',
  unknown: 'an unknown name',
  disabled: 'a disabled account, the right password',
  outdated: 'an account whose hash is of earlier costs',
  sessions: 'an account of many sessions',
  bcrypt: 'an account whose hash is bcrypt’s, of another application',
  scrypt: 'an account whose hash is scrypt’s, of another application',
  pbkdf2: 'an account whose hash is PBKDF2’s, of another application',
  factor: 'an account with a second factor',
  'factor, right password': 'the same with the right password: the response asks for the factor',
};

export const loginTiming: Scenario = {
  title: 'How well refused logins are told apart by the time that they take',
  run: async (conditions) => {
    const { quick, rounds, cores } = conditions;
    const prepared = prepare(conditions, { users, sessions: 1, costlyPasswords: true, settings: noWait });
    const logins = await makeAccounts(
      prepared,
      quick ? sessions.quick : sessions.usual,
      conditions.newFolder('users'),
    );
    const client = new Client();
    const times = await withServers(
      { service: () => startLatchkey(latchkey(prepared), cores.server) },
      async ({ service }) => {
        const measure = async (kind: Kind, round: number): Promise<number> => {
          const ofKind = logins[kind];
          const began = performance.now();
          const { status, text } = await client.send(`${service.url}/login`, {
            body: ofKind[round % ofKind.length] ?? {},
          });
          const time = performance.now() - began;
          if (status !== 401) throw new Error(`A login (${kind}) gave ${status} rather than 401: ${text}`);
          return time;
        };
        const inRounds = async (count: number): Promise<Record<Kind, number[]>> => {
          const taken = Object.fromEntries(kinds.map((kind) => [kind, [] as number[]])) as Record<
            Kind,
            number[]
          >;
          for (let round = 0; round < count; round += 1)
            for (const kind of shuffle(kinds)) taken[kind].push(await measure(kind, round));
          return taken;
        };
        // What is done at an account's first attempt alone is not what an attacker measures.
        await inRounds(10);
        return inRounds(rounds * (quick ? samples.quick : samples.usual));
      },
    );
    client.close();
    const wrong = times['wrong password'];
    return {
      tables: [
        {
          columns: ['a login that is refused, for', 'median ms', 'AUC', 'standard error'],
          rows: kinds.map((kind) => {
            const ofKind = times[kind];
            const { area, standardError } = computeSeparation(ofKind, wrong);
            const isBaseline = kind === 'wrong password';
            return [
              titles[kind],
              number(computeMedian(ofKind)),
              ...(isBaseline ? ['', ''] : [area.toFixed(3), standardError.toFixed(3)]),
            ];
          }),
        },
      ],
      aims: [],
      notes: [
        `${number(wrong.length)} logins of each kind, one at a time, in rounds of one of each in random order. A right password of an account with a second factor is told by its response, which asks for the factor; its time adds nothing. AUC: how probable it is that one takes longer than a wrong password does; 0.5 tells nothing, and two standard errors from it are chance.`,
      ],
    };
  },
};
