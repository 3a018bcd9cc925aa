import { expect } from 'chai';
import { v7 } from 'uuid';
import { nextTurn } from '../src/event-loop.js';
import { addAuditRows } from './support/audit-rows.js';
import { recordTime } from './support/records.js';
import { ServerSentEvents } from './support/server-sent-events.js';
import { TestApp } from './support/test-app.js';
import { readJwt } from './support/tokens.js';

/** Counts the turns of the event loop. */
class Turns {
  #count = 0;
  #next: NodeJS.Immediate | undefined;

  constructor() {
    const count = (): void => {
      this.#count += 1;
      this.#next = setImmediate(count);
    };
    count();
  }

  get count(): number {
    return this.#count;
  }

  stop(): void {
    clearImmediate(this.#next);
  }
}

describe('The next turn of the event loop', () => {
  let turns: Turns;
  beforeEach(() => {
    turns = new Turns();
  });
  afterEach(() => {
    turns.stop();
  });

  it('is another one for each loop that waits for it, and they take turns', async () => {
    const seen: [name: string, turn: number][] = [];
    const loop = async (name: string): Promise<void> => {
      for (let round = 0; round < 3; round += 1) {
        await nextTurn();
        seen.push([name, turns.count]);
      }
    };
    await Promise.all([loop('a'), loop('b'), loop('c')]);
    expect(seen.map(([name]) => name).join('')).to.equal('abcabcabc');
    expect(new Set(seen.map(([, turn]) => turn))).to.have.property('size', 9);
  });
});

/** SQLite is read on the thread that serves requests. */
describe('A long response on SQLite', () => {
  const address = '192.0.2.1';
  let app: TestApp;
  let turns: Turns;
  let token: string;
  let userId: string;
  /** Turn → what was read in it. */
  const reads = new Map<number, string[]>();
  before(async () => {
    app = await TestApp.start();
    ({ access_token: token } = await app.login());
    userId = String(readJwt(token).claims['sub']);
    const { queries } = app.services.database;
    await addAuditRows(queries, 2500, (index) => ({
      event: index % 2 === 0 ? 'login' : 'logout',
      ...{ actor_kind: 'user', actor_id: userId, target_kind: 'user', target: userId },
      // Beside each other, they leave nothing.
      address: index % 2 === 0 ? null : address,
    }));
    await queries
      .insertInto('revocations')
      .values(
        Array.from({ length: 5000 }, () => ({
          ...{ kind: 'token' as const, target: v7(), version: null },
          ...{ created_at: recordTime, expires_at: app.clock.now() + 86_400_000 },
        })),
      )
      .execute();
    await app.services.auditChain.run();
    turns = new Turns();
    app.services.database.observe({
      onStatement: ({ sql }) => {
        if (!sql.startsWith('select')) return;
        reads.set(turns.count, [...(reads.get(turns.count) ?? []), sql]);
      },
    });
  });
  beforeEach(() => {
    reads.clear();
  });
  after(async () => {
    turns.stop();
    await app.close();
  });

  /** Of each turn, how many statements read a table. */
  const countReads = (table: string): number[] =>
    [...reads.values()]
      .map((statements) => statements.filter((sql) => sql.includes(`from "${table}"`)).length)
      .filter((count) => count > 0);

  async function follow(path: string, count: number): Promise<void> {
    const events = await ServerSentEvents.open(app.url, path, token, '0');
    for (let received = 0; received < count;) {
      const event = await events.next();
      received += (event?.data as { items: unknown[] }).items.length;
    }
    events.leave();
  }

  it('is read one page in a turn: GET /me/export', async () => {
    await app.get('/me/export', token).expect(200);
    const counts = countReads('audit');
    expect(counts).to.have.length.above(24);
    expect(Math.max(...counts)).to.equal(1);
  });

  it('is read one page in a turn: GET /audit/stream', async () => {
    await follow('/audit/stream', 2500);
    const counts = countReads('audit');
    expect(counts).to.have.length.above(24);
    expect(Math.max(...counts)).to.equal(1);
  });

  it('is read one page in a turn: GET /revocations/stream', async () => {
    await follow('/revocations/stream', 5000);
    const counts = countReads('revocations');
    expect(counts).to.have.length.above(4);
    // Before the first page: when the last revocation was written.
    expect(Math.max(...counts)).to.be.at.most(2);
  });

  it('is read one part in a turn: GET /audit, where no row meets both conditions', async () => {
    const { body } = await app.get(`/audit?event=login&address=${address}`, token).expect(200);
    expect(body).to.deep.equal({ items: [] });
    const counts = countReads('audit');
    expect(counts).to.have.length.above(1);
    // The end of the part by each of the two conditions, and its rows.
    expect(Math.max(...counts)).to.be.at.most(3);
  });
});
