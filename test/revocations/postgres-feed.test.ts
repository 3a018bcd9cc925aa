import { expect } from 'chai';
import { sql } from 'kysely';
import { pino } from 'pino';
import type { Feed, FeedHandler } from '../../src/revocations/feed.js';
import { openFeed } from '../../src/revocations/open-feed.js';
import type { Database } from '../../src/database/database.js';
import { keysStore } from '../../src/keys/keys.store.js';
import { revocationsStore, type Revocation } from '../../src/revocations/revocations.store.js';
import { openTestDatabase } from '../support/databases.js';
import { createPostgresDatabase } from '../support/postgres.js';
import { cutConnections } from '../support/postgres-server.js';
import { recordTime } from '../support/records.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

let made = 0;
const session = (details: Partial<Revocation> = {}): Revocation => ({
  kind: 'session',
  target: `session ${++made}`,
  version: null,
  expires_at: recordTime,
  created_at: recordTime,
  ...details,
});

describe('The feed of PostgreSQL', () => {
  let url: string;
  let writer: Database;
  before(async () => {
    url = await createPostgresDatabase();
    writer = openTestDatabase({ kind: 'postgres', url });
    await writer.migrate();
  });
  after(() => writer.close());

  /** The feed of another replica, and what it has received. */
  class Replica {
    readonly heard = new Map<string, number | null>();
    readings = 0;
    keyChanges = 0;
    readonly feed: Feed;
    /** Reads wait for it. */
    slowly = Promise.resolve();

    constructor(
      private readonly database: Database,
      bound = 60_000,
    ) {
      const follower: FeedHandler = {
        readAll: async () => {
          this.readings += 1;
          await this.slowly;
          const all = await database.queries.selectFrom('revocations').selectAll().execute();
          for (const { target, version } of all) this.heard.set(target, version);
        },
        onRevoked: (rows) => {
          for (const { target, version } of rows) this.heard.set(target, version);
        },
        onKeysChanged: () => {
          this.keyChanges += 1;
          return Promise.resolve();
        },
      };
      this.feed = openFeed(database, follower, { bound, log: pino({ level: 'silent' }) });
    }

    hears(target: string): Promise<void> {
      return until(() => this.heard.has(target));
    }

    close(): Promise<void> {
      return this.database.close();
    }
  }

  const replica = (through = url, bound = 60_000): Replica =>
    new Replica(openTestDatabase({ kind: 'postgres', url: through }), bound);
  const add = (...rows: Revocation[]): Promise<void> => revocationsStore.add(writer.queries, rows);

  describe('that is open', () => {
    let other: Replica;
    before(async () => {
      other = replica();
      expect(other.feed.isCurrent()).to.be.false;
      await other.feed.start();
    });
    after(() => other.close());

    it('is current', () => {
      expect(other.feed.isCurrent()).to.be.true;
    });

    it('receives each committed row with all its columns, and none that is rolled back', async () => {
      const undone = session();
      await writer
        .transaction(async (transaction) => {
          await revocationsStore.add(transaction, [undone]);
          throw new Error('undo');
        })
        .catch(() => undefined);
      const subject = session({ kind: 'subject', version: 7 });
      await add(subject);
      await other.hears(subject.target);
      expect(other.heard.get(subject.target)).to.equal(7);
      expect(other.heard.has(undone.target)).to.be.false;
    });

    it('receives an existing row when its expiry or version rises', async () => {
      const subject = session({ kind: 'subject', version: 1 });
      await add(subject);
      await add({ ...subject, version: 2 });
      await until(() => other.heard.get(subject.target) === 2);
    });

    it('misses no transaction that commits late', async () => {
      const [late, early] = [session({ created_at: recordTime - 3_600_000 }), session()];
      await writer.transaction(async (transaction) => {
        await revocationsStore.add(transaction, [late]);
        await add(early);
        await other.hears(early.target);
        expect(other.heard.has(late.target)).to.be.false;
      });
      await other.hears(late.target);
    });

    it('receives many rows at once without reading them again', async () => {
      const { readings } = other;
      const rows = Array.from({ length: 700 }, () =>
        session({ kind: 'subject', version: Number.MAX_SAFE_INTEGER, target: `${'x'.repeat(30)} ${++made}` }),
      );
      await writer.transaction((transaction) => revocationsStore.add(transaction, rows));
      await Promise.all(rows.map(({ target }) => other.hears(target)));
      expect(other.readings).to.equal(readings);
    });

    it('reads the whole table if there are very many rows, or one is too long for a notification', async () => {
      for (const write of [
        () => add(session({ target: 'x'.repeat(8000) })),
        () =>
          sql`insert into revocations select 'session', 'many ' || number, null, ${recordTime}, ${recordTime}
            from generate_series(1, 8001) number`.execute(writer.queries),
      ]) {
        const { readings } = other;
        await write();
        await until(() => other.readings === readings + 1);
      }
      await other.hears('many 8001');
    });

    it('reads the whole table at a payload that no trigger sends', async () => {
      for (const payload of [
        '',
        'x',
        '{}',
        '[1]',
        '[["session"]]',
        '[["sessions","a",null,1]]',
        '[["token",1,null,1]]',
      ]) {
        const { readings } = other;
        await sql`select pg_notify('latchkey_changes', ${payload})`.execute(writer.queries);
        await until(() => other.readings === readings + 1);
      }
      expect(other.feed.isCurrent()).to.be.true;
    });

    it('is notified of keys that are added, changed and deleted', async () => {
      const changes = async (work: Promise<unknown>): Promise<void> => {
        const { keyChanges } = other;
        await work;
        await until(() => other.keyChanges > keyChanges);
      };
      const { queries } = writer;
      await changes(
        keysStore.insert(queries, {
          ...{ id: 'a key', purpose: 'access', algorithm: 'ES256', public_key: null, sealed_key: '' },
          ...{ created_at: recordTime, active_at: recordTime, retired_at: null },
        }),
      );
      await changes(keysStore.retire(queries, 'a key', recordTime));
      await changes(keysStore.delete(queries, 'a key'));
    });

    it('reconnects when its connection is cut, with what was committed meanwhile', async () => {
      const { readings } = other;
      await cutConnections(url);
      const missed = session();
      await until(() =>
        add(missed).then(
          () => true,
          () => false,
        ),
      );
      await other.hears(missed.target);
      await until(() => other.readings > readings && other.feed.isCurrent());
      const next = session();
      await add(next);
      await other.hears(next.target);
    });
  });

  it('is current once the whole table is read, and applies later notifications meanwhile', async () => {
    const other = replica(url, 3000);
    await other.feed.start();
    let go: () => void = () => undefined;
    other.slowly = new Promise((resolve) => (go = resolve));
    await add(session({ target: 'y'.repeat(8000) }));
    await until(() => other.readings > 1);
    const next = session();
    await add(next);
    await other.hears(next.target);
    await until(() => !other.feed.isCurrent());
    go();
    await until(() => other.feed.isCurrent());
    await other.close();
  });

  describe('over a network that fails', () => {
    const bound = 3000;
    let proxy: TcpProxy;
    let other: Replica;
    before(async () => {
      proxy = await TcpProxy.to(Number(new URL(url).port));
      other = replica(proxy.urlFor(url), bound);
      await other.feed.start();
    });
    after(async () => {
      await other.close();
      await proxy.close();
    });

    it('notices a half-open connection, and is current again after a reconnect', async () => {
      expect(other.feed.getRecentOutage(60_000)).to.equal(0);
      proxy.hold('listen latchkey_changes');
      const missed = session();
      await add(missed);
      await until(() => !other.feed.isCurrent());
      expect(other.heard.has(missed.target)).to.be.false;
      proxy.release();
      await other.hears(missed.target);
      await until(() => other.feed.isCurrent());
      expect(other.feed.getRecentOutage(60_000)).to.be.above(bound);
      expect(other.feed.getRecentOutage(0)).to.equal(0);
    });
  });

  it('is current again if a connection attempt gets no reply and its timeout is longer than the bound', async () => {
    const proxy = await TcpProxy.to(Number(new URL(url).port));
    const through = openTestDatabase({ kind: 'postgres', url: proxy.urlFor(url) }, { connectTimeout: 3000 });
    const other = new Replica(through, 500);
    await other.feed.start();
    const { opened } = proxy;
    proxy.loseResponses();
    await until(() => proxy.opened > opened);
    proxy.release();
    await until(() => other.feed.isCurrent());
    await other.close();
    await proxy.close();
  });

  it('does not start without a server', async () => {
    const nowhere = new Replica(
      openTestDatabase({ kind: 'postgres', url: 'postgres://127.0.0.1:1/nothing' }),
    );
    const error = await nowhere.feed.start().catch((reason: unknown) => reason);
    expect(error).to.have.property('name', 'DatabaseUnavailable');
    await nowhere.close();
  });
});
