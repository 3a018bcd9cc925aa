import { mock } from 'node:test';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { sql } from 'kysely';
import { pino } from 'pino';
import { DatabaseUnavailable } from '../../src/database/database-unavailable.js';
import type { Database } from '../../src/database/database.js';
import { findVersionError } from '../../src/database/postgres-checks.js';
import { keysStore } from '../../src/keys/keys.store.js';
import { usersStore } from '../../src/users/users.store.js';
import { openTestDatabase } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';
import { createPostgresDatabase } from '../support/postgres.js';
import { cutConnections } from '../support/postgres-server.js';
import { addUser } from '../support/records.js';
import { describeStore } from '../support/store-contract.js';
import { until } from '../support/until.js';
import { openFeed } from '../../src/revocations/open-feed.js';
import type { FeedHandler } from '../../src/revocations/feed.js';

/** The limits in these tests are short, and a busy machine may exceed them. */
const untilItResponds = (database: Database): Promise<void> =>
  until(() =>
    database.ping().then(
      () => true,
      () => false,
    ),
  );

describeStore('The database', (on) => {
  const inside = async ({ database }: { database: Database }, name: string, fails: boolean): Promise<void> =>
    database.transaction(async (transaction) => {
      await addUser(transaction, { username: `${name}, first` });
      await addUser(transaction, { username: `${name}, second` });
      if (fails) throw new Error(`${name} failed`);
    });

  const namesLike = async (name: string): Promise<string[]> =>
    (await on.queries.selectFrom('users').select('username').where('username', 'like', `${name}%`).execute())
      .map(({ username }) => username)
      .sort();

  it('responds', () => on.database.ping());

  it('commits a transaction, and returns its result', async () => {
    const { id } = await on.database.transaction((transaction) => addUser(transaction));
    expect(await usersStore.find(on.queries, id)).to.include({ id });
  });

  for (const kind of ['transaction', 'withExclusiveLock'] as const) {
    it(`rolls back a failed ${kind}, and throws its error`, async () => {
      const failed = on.database[kind](async (transaction) => {
        await addUser(transaction, { username: `undone by ${kind}` });
        throw new Error('the reason');
      });
      expect(await failed.catch((reason: unknown) => reason)).to.include({ message: 'the reason' });
      expect(await usersStore.findByName(on.queries, `undone by ${kind}`)).to.be.undefined;
    });
  }

  it('rolls back a transaction in which a statement failed', async () => {
    const taken = await addUser(on.queries);
    const failed = on.database.transaction(async (transaction) => {
      await addUser(transaction, { username: 'undone by a statement' });
      await usersStore.setRoles(transaction, taken.id, ['no role']);
    });
    expect(await failed.catch((reason: unknown) => reason)).to.be.an('error');
    expect(await usersStore.findByName(on.queries, 'undone by a statement')).to.be.undefined;
  });

  it('keeps concurrent transactions apart: others see all of one or nothing', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `parallel ${index}`);
    const done = await Promise.allSettled(names.map((name, index) => inside(on, name, index % 3 === 0)));
    expect(done.filter(({ status }) => status === 'fulfilled')).to.have.length(8);
    const kept = names.filter((_, index) => index % 3 !== 0);
    expect(await namesLike('parallel')).to.deep.equal(
      kept.flatMap((name) => [`${name}, first`, `${name}, second`]).sort(),
    );
  });

  it('runs one exclusive transaction at a time', async () => {
    let running = 0;
    await Promise.all(
      Array.from({ length: 6 }, () =>
        on.database.withExclusiveLock(async (transaction) => {
          expect(++running).to.equal(1);
          await keysStore.list(transaction);
          expect(running).to.equal(1);
          running--;
        }),
      ),
    );
  });

  it('returns 64-bit integers as numbers', async () => {
    const time = Date.parse('9999-12-31T23:59:59Z');
    const { id } = await addUser(on.queries, { disabled_at: time });
    expect(await usersStore.find(on.queries, id)).to.include({ disabled_at: time });
    expect(await usersStore.hasAdministrator(on.queries)).to.be.false;
  });
});

describe('The database on several PostgreSQL connections', () => {
  let url: string;
  before(async () => {
    url = await createPostgresDatabase();
  });

  it('runs one exclusive transaction at a time among all processes', async () => {
    const replicas = [1, 2, 3].map(() => openTestDatabase({ kind: 'postgres', url }));
    const order: string[] = [];
    await Promise.all(
      replicas.map((replica, index) =>
        replica.withExclusiveLock(async () => {
          order.push(`${index} in`);
          await replica.ping();
          order.push(`${index} out`);
        }),
      ),
    );
    expect(order).to.have.length(6);
    for (let at = 0; at < order.length; at += 2) {
      expect(order[at + 1]).to.equal(order[at]?.replace('in', 'out'));
    }
    await Promise.all(replicas.map((replica) => replica.close()));
  });

  it('survives connections that break, idle or in a transaction, and reports it', async () => {
    const logged: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => logged.push(line) });
    const database = openTestDatabase({ kind: 'postgres', url }, { log });
    const cutOff = await database
      .transaction(async (transaction) => {
        await database.ping(); // on another connection, which is idle from then on
        await cutConnections(url);
        await until(() => logged.length > 0);
        return sql`select 1`.execute(transaction);
      })
      .catch((reason: unknown) => reason);
    expect(cutOff).to.be.an.instanceof(DatabaseUnavailable);
    expect(logged[0]).to.include('a database connection failed');
    await database.ping();
    await database.close();
  });

  it('cancels a statement that takes too long, and keeps working', async () => {
    const database = openTestDatabase({ kind: 'postgres', url }, { statementTimeout: 1000 });
    const slow = await sql`select pg_sleep(600)`.execute(database.queries).catch((reason: unknown) => reason);
    expect(slow).to.be.an.instanceof(DatabaseUnavailable).with.property('statement', 'select pg_sleep(600)');
    await untilItResponds(database);
    await database.close();
  });

  it('counts a commit that never comes back with the time until it was given up, and logs the statement', async () => {
    const insert = sql`insert into hanging (id) values (${71_839})`;
    const text = 'insert into hanging (id) values ($1)';
    const preparing = openTestDatabase({ kind: 'postgres', url });
    // At the commit, as the wait for a standby: the server's own timeout of the statement does not end it.
    for (const statement of [
      sql`create table hanging (id integer)`,
      sql`create function hang() returns trigger language plpgsql as 'begin perform pg_sleep(20); return null; end'`,
      sql`create constraint trigger hang after insert on hanging deferrable initially deferred
        for each row execute function hang()`,
    ])
      await statement.execute(preparing.queries);
    await preparing.close();
    const cases: readonly (readonly [string, (database: Database) => Promise<unknown>])[] = [
      [text, ({ queries }) => insert.execute(queries)],
      ['commit', (database) => database.transaction((transaction) => insert.execute(transaction))],
    ];
    for (const [statement, change] of cases) {
      const logged: string[] = [];
      const log = pino({ level: 'warn' }, { write: (line: string) => logged.push(line) });
      const database = openTestDatabase({ kind: 'postgres', url }, { statementTimeout: 1000, log });
      const commits: number[] = [];
      database.observe({ onCommit: (took) => commits.push(took) });
      const error = await change(database).catch((reason: unknown) => reason);
      expect(error)
        .to.be.an.instanceof(DatabaseUnavailable)
        .and.include({
          ...{
            message: 'the database does not respond (a statement got no response within 1500 ms)',
            statement,
          },
        });
      expect(commits).to.have.length(1);
      expect(commits[0]).to.be.at.least(1400);
      expect(JSON.parse(logged[0] ?? '{}')).to.include({ msg: 'the database failed', statement });
      expect(logged.join('')).not.to.include('71839');
      await database.close();
    }
  });

  it('counts neither a read that is given up nor a change that is refused as a commit', async () => {
    const database = openTestDatabase({ kind: 'postgres', url }, { statementTimeout: 1000 });
    const commits: number[] = [];
    database.observe({ onCommit: (took) => commits.push(took) });
    for (const statement of [
      sql`select pg_sleep(600)`,
      sql`insert into pg_class (oid) values ('no number')`,
      sql`delete from no_such_table`,
    ]) {
      expect(await statement.execute(database.queries).catch((reason: unknown) => reason)).to.be.an('error');
      await untilItResponds(database);
    }
    expect(commits).to.deep.equal([]);
    await database.close();
  });

  it('has separate connections for long work', async () => {
    const database = openTestDatabase({ kind: 'postgres', url }, { statementTimeout: 1000, poolSize: 1 });
    await database.longRunning.transaction(async (transaction) => {
      await sql`select pg_sleep(1.1)`.execute(transaction);
      await untilItResponds(database);
    });
    await database.close();
  });

  it('waits for a free connection for a limited time', async () => {
    const database = openTestDatabase({ kind: 'postgres', url }, { connectTimeout: 1000, poolSize: 1 });
    await untilItResponds(database); // its connection is established
    const waited = await database.transaction(async () => database.ping().catch((reason: unknown) => reason));
    expect(waited).to.be.an.instanceof(DatabaseUnavailable);
    await database.ping();
    await database.close();
  });

  it('does not respond without a server', async () => {
    const nowhere = openTestDatabase({ kind: 'postgres', url: 'postgres://127.0.0.1:1/nothing' });
    const responses = [1, 2].map(() => nowhere.ping().catch((reason: unknown) => reason));
    for (const response of await Promise.all(responses))
      expect(response).to.be.an.instanceof(DatabaseUnavailable);
    await nowhere.close();
  });
});

describe('The version of PostgreSQL', () => {
  it('is 15 or newer', () => {
    for (const version of [150_000, 150_018, 160_004, 180_004])
      expect(findVersionError(version)).to.be.undefined;
    expect(findVersionError(140_019)).to.equal('it is PostgreSQL 14.19, but 15 or newer is required');
    expect(findVersionError(90_624)).to.include('PostgreSQL 9.');
  });
});

describe('The database in a SQLite file', () => {
  const folder = temporaryFolder();
  let file: string;
  let database: Database;
  let otherProcess: DatabaseSync;

  before(async () => {
    file = folder.path('shared.db');
    database = openTestDatabase({ kind: 'sqlite', file });
    await database.migrate();
    otherProcess = new DatabaseSync(file, { timeout: 0 });
  });
  after(() => {
    otherProcess.close();
  });

  it('is locked from the beginning of a transaction to its end', async () => {
    const beginOutside = (): void => {
      otherProcess.exec('begin immediate');
    };
    await database.transaction(async (transaction) => {
      await usersStore.isEmpty(transaction);
      expect(beginOutside).to.throw('locked');
    });
    beginOutside();
    otherProcess.exec('rollback');
  });

  it('reads everything at the start and after another process has written, and only then, until it is closed', async () => {
    mock.timers.enable({ apis: ['setInterval'] });
    try {
      let readings = 0;
      let succeeds = true;
      const follower: FeedHandler = {
        readAll: () => {
          readings++;
          return succeeds ? Promise.resolve() : Promise.reject(new Error('once'));
        },
        onRevoked: () => undefined,
        onKeysChanged: () => Promise.resolve(),
      };
      const feed = openFeed(database, follower, { bound: 1000, log: pino({ level: 'silent' }) });
      expect(feed.isCurrent()).to.be.true;
      await feed.start();
      expect(readings).to.equal(1);
      const write = (name: string): void => {
        otherProcess.exec(`insert into roles values ('${name}', '', '', 0, 0, 0, null)`);
      };
      /** Polls once or several times, and waits for the result: the writer is asked first. */
      const look = async (milliseconds: number): Promise<void> => {
        mock.timers.tick(milliseconds);
        await database.ping();
        await new Promise((resolve) => setImmediate(resolve));
      };
      await addUser(database.queries);
      await look(2000);
      expect(readings).to.equal(1);
      write('first');
      succeeds = false;
      await look(500);
      succeeds = true;
      await look(500);
      expect(readings, 'again after a reading that failed').to.equal(3);
      await look(2000);
      expect(readings).to.equal(3);
      write('second');
      await database.close();
      mock.timers.tick(2000);
      expect(readings).to.equal(3);
    } finally {
      mock.timers.reset();
    }
  });
});
