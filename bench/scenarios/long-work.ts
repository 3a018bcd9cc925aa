import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { Client } from '../harness/client.ts';
import { checkout } from '../harness/folders.ts';
import { PinnedProcess } from '../harness/processes.ts';
import { atMost, number, type Aim } from '../harness/report.ts';
import { computeQuantile } from '../harness/statistics.ts';
import { prepare, type Prepared } from '../latchkey/latchkey.ts';
import { auditedAddress, nameOf, populate, populateAudit } from '../latchkey/populate.ts';
import type { Scenario } from './scenario.ts';

/** Of the load: milliseconds from one request to the next, whether or not the ones before have responses. */
const every = { protected: 5, refresh: 25 } as const;
type Operation = keyof typeof every;
/** Milliseconds; of the 99th percentile. */
const aim = 50;
/** How long the load goes on beside each work at least, in milliseconds. */
const minDuration = { usual: 5000, quick: 500 };

interface Held {
  readonly loop: number;
  readonly transaction: number;
}

interface Phase {
  readonly title: string;
  readonly run: () => Promise<unknown>;
  /** Whether the load's own tokens end with it: 401 is expected then. */
  readonly endsTokens?: boolean;
}

export const longWork: Scenario = {
  title: 'GET /protected and POST /refresh while something concerns thousands of rows, on SQLite',
  run: async (conditions) => {
    const scale = conditions.quick ? 0.01 : 1;
    const counts = [200_000, 500_000, 66_000, 50_000, 200_000].map((count) => Math.round(count * scale));
    const [users = 0, sessions = 0, holders = 0, sessionsOfOne = 0, audited = 0] = counts;
    const prepared = prepare(conditions, { sessions: 500 });
    const { userOfMany } = populate(prepared, {
      ...{ users, sessions, holders, sessionsOfOne },
      roles: ['changed', 'deleted'],
    });
    const service = new PinnedProcess(
      {
        command: process.execPath,
        args: [
          '--max-semi-space-size=16',
          fileURLToPath(new URL('../latchkey/long-work.ts', import.meta.url)),
        ],
        env: { ...prepared.settings, LATCHKEY_PASSWORD_MEMORY_COST: '8', LATCHKEY_PASSWORD_TIME_COST: '1' },
      },
      conditions.cores.server,
    );
    const client = new Client();
    try {
      await service.printed(' .\n');
      const { token, port, controlPort } = JSON.parse(/READY (.*) \.\n/.exec(service.output)?.[1] ?? '') as {
        token: string;
        port: number;
        controlPort: number;
      };
      const url = `http://127.0.0.1:${port}`;
      const control = `http://127.0.0.1:${controlPort}`;
      const authorization = `Bearer ${token}`;
      populateAudit(prepared, token, audited);
      const administer = async (method: string, path: string, body?: object): Promise<string> => {
        const response = await fetch(url + path, {
          method,
          headers: { Authorization: authorization, ...(body && { 'Content-Type': 'application/json' }) },
          ...(body && { body: JSON.stringify(body) }),
        });
        const text = await response.text();
        if (!response.ok) throw new Error(`${method} ${path} gave ${response.status}: ${text}`);
        return text;
      };
      const long = conditions.quick ? minDuration.quick : minDuration.usual;
      /** One after the other, without a pause. */
      const repeat = async (work: (round: number) => Promise<unknown>): Promise<void> => {
        const end = performance.now() + long;
        for (let round = 0; performance.now() < end; round += 1) await work(round);
      };
      const phases: Phase[] = [
        { title: 'nothing', run: () => Promise.resolve() },
        {
          title: `searches by name among ${number(users)}`,
          run: () =>
            repeat((round) =>
              administer('GET', `/users?limit=50&name=${nameOf((round * 7919) % users).slice(0, -2)}`),
            ),
        },
        {
          title: 'pages at depth',
          run: async () => {
            // Half of them of all users, half of a search.
            const cursors = { '': '', '&name=person': '' };
            await repeat(async (round) => {
              const list = round % 2 === 0 ? '' : '&name=person';
              const text = await administer('GET', `/users?limit=50${list}${cursors[list]}`);
              const next = (JSON.parse(text) as { next_cursor?: string }).next_cursor;
              cursors[list] = next === undefined ? '' : `&cursor=${next}`;
            });
          },
        },
        {
          title: `lists of users by filters, sorted, with totals, among ${number(users)}`,
          run: async () => {
            const filters = ['role=changed', 'role=deleted&disabled=true', 'disabled=false', 'name=person1'];
            const sorts = ['created_at', 'username', 'last_login_at'];
            await repeat((round) => {
              const [filter, sort] = [filters[round % 4] ?? '', sorts[round % 3] ?? ''];
              return administer('GET', `/users?total=true&${filter}&sort=${sort}`);
            });
          },
        },
        {
          title: `pages of the audit by two conditions, among ${number(audited)} rows`,
          run: () =>
            repeat((round) => {
              const order = round % 2 === 0 ? 'newest' : 'oldest';
              return administer('GET', `/audit?event=login&address=${auditedAddress}&order=${order}`);
            }),
        },
        {
          title: `an export of ${number(audited)} rows of the audit`,
          run: () => administer('GET', '/me/export'),
        },
        {
          title: `changes of a role of ${number(holders)}`,
          run: () =>
            repeat(async (round) => {
              await administer('PUT', '/roles/changed', { permissions: [`reports:${round}`] });
              await wait(100);
            }),
        },
        {
          title: `the deletion of a role of ${number(holders)}`,
          run: () => administer('DELETE', '/roles/deleted'),
        },
        {
          title: `the deletion of a user of ${number(sessionsOfOne)} sessions`,
          run: () => administer('DELETE', `/users/${userOfMany}`),
        },
        {
          title: `the clean-up of ${number(sessions / 2)} sessions`,
          run: () => fetch(control, { method: 'POST' }).then((response) => response.text()),
        },
        {
          title: `the revocation of a key of ${number(sessions / 2)} sessions`,
          run: () => revokeKey(prepared, conditions.cores.load),
          endsTokens: true,
        },
      ];
      const load = new SteadyLoad(client, url, prepared);
      // The code of both is compiled first.
      const warmUp = load.during(false);
      await wait(long);
      await warmUp.stop();
      const rows: string[][] = [];
      const aims: Aim[] = [];
      for (const { title, run, endsTokens = false } of phases) {
        await client.expect(200, control);
        const begun = performance.now();
        const running = load.during(endsTokens);
        await Promise.all([run(), wait(long)]);
        const seconds = (performance.now() - begun) / 1000;
        const times = await running.stop();
        const { loop, transaction } = (await client.expect(200, control)) as Held;
        const of = (operation: Operation, share: number): number => computeQuantile(times[operation], share);
        rows.push([
          title,
          number(seconds),
          ...[of('protected', 0.99), of('protected', 1), of('refresh', 0.99), of('refresh', 1)].map(number),
          number(loop),
          number(transaction),
        ]);
        for (const operation of ['protected', 'refresh'] as const) {
          aims.push(atMost(`p99 of /${operation} during ${title}`, aim, of(operation, 0.99), ' ms'));
        }
      }
      return {
        tables: [
          {
            columns: [
              'meanwhile, ms',
              'for, s',
              '/protected p99',
              'max',
              '/refresh p99',
              'max',
              'the event loop was held, at most',
              'a transaction took, at most',
            ],
            rows,
          },
        ],
        aims,
        notes: [
          `${number(users)} users and ${number(sessions)} sessions, half of them expired. The load is steady: ${1000 / every.protected} GET /protected and ${1000 / every.refresh} refreshes a second, each timed from when it was due. A transaction's time is that from its beginning to its commit, a commit of others in the same group included.`,
        ],
      };
    } finally {
      client.close();
      await service.stop();
    }
  },
};

/** By the operator's command, beside the service: it ends all sessions. */
async function revokeKey({ settings }: Prepared, cores: string): Promise<void> {
  const latchkey = (...words: readonly string[]): Promise<string> =>
    new PinnedProcess(
      {
        command: process.execPath,
        args: [join(checkout, 'bin/latchkey.js'), ...words],
        env: settings,
      },
      cores,
    ).finished();
  const keys = (await latchkey('keys', 'list', '--json'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly id: string; readonly purpose: string });
  const key = keys.find(({ purpose }) => purpose === 'refresh');
  if (!key) throw new Error('The service has no key for refresh tokens.');
  await latchkey('keys', 'revoke', key.id);
}

/** Requests at a fixed pace, each of a session of its own. */
class SteadyLoad {
  readonly #accessTokens: string[];
  readonly #refreshTokens: string[];
  #sent = 0;

  readonly #client: Client;
  readonly #url: string;

  constructor(client: Client, url: string, { accessTokens, refreshTokens }: Prepared) {
    this.#client = client;
    this.#url = url;
    const lines = (file: string): string[] => readFileSync(file, 'utf8').trimEnd().split('\n');
    this.#accessTokens = lines(accessTokens);
    this.#refreshTokens = lines(refreshTokens);
  }

  during(mayBeRefused: boolean): { readonly stop: () => Promise<Record<Operation, number[]>> } {
    const times: Record<Operation, number[]> = { protected: [], refresh: [] };
    const pending = new Set<Promise<void>>();
    const failed: unknown[] = [];
    const timers = (['protected', 'refresh'] as const).map((operation) => {
      let due = performance.now();
      return setInterval(() => {
        // A timer that was late sends what was due meanwhile, and its time counts from then.
        for (const now = performance.now(); due <= now; due += every[operation]) {
          const since = due;
          const asked = this.#ask(operation, mayBeRefused).then(
            () => {
              times[operation].push(performance.now() - since);
            },
            (error: unknown) => {
              failed.push(error);
            },
          );
          pending.add(asked);
          void asked.finally(() => pending.delete(asked));
        }
      }, every[operation]);
    });
    return {
      stop: async () => {
        for (const timer of timers) clearInterval(timer);
        await Promise.all(pending);
        if (failed.length > 0) throw failed[0];
        return times;
      },
    };
  }

  async #ask(operation: Operation, mayBeRefused: boolean): Promise<void> {
    const index = (this.#sent += 1) % this.#accessTokens.length;
    if (operation === 'protected') {
      const { status } = await this.#client.send(`${this.#url}/protected`, {
        authorization: this.#accessTokens[index] ?? '',
      });
      if (status !== 200 && !(mayBeRefused && status === 401)) throw new Error(`/protected gave ${status}.`);
      return;
    }
    const body = { refresh_token: this.#refreshTokens[index] };
    const { status, text } = await this.#client.send(`${this.#url}/refresh`, { body });
    if (status === 200)
      this.#refreshTokens[index] = (JSON.parse(text) as { refresh_token: string }).refresh_token;
    else if (!(mayBeRefused && status === 401)) throw new Error(`/refresh gave ${status}: ${text}`);
  }
}
