import { mock } from 'node:test';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { openDatabase, type Database } from '../../src/database/open-database.js';
import { keysStore } from '../../src/tokens/keys.store.js';
import { usersStore } from '../../src/users/users.store.js';
import { temporaryFolder } from '../support/folders.js';
import { newPostgresDatabase } from '../support/postgres.js';
import { addUser } from '../support/records.js';
import { storeContract } from '../support/store-contract.js';

storeContract('The database', (on) => {
  const inside = async ({ database }: { database: Database }, name: string, fails: boolean): Promise<void> =>
    database.transaction(async (transaction) => {
      await addUser(transaction, { username: `${name}, first` });
      await addUser(transaction, { username: `${name}, second` });
      if (fails) throw new Error(`${name} failed`);
    });

  const namesLike = async (name: string): Promise<string[]> =>
    (await usersStore.list(on.queries, { limit: 100, after: undefined, name }))
      .map(({ username }) => username)
      .sort();

  it('answers', () => on.database.ping());

  it('commits what a transaction did, and hands on what it gives', async () => {
    const { id } = await on.database.transaction((transaction) => addUser(transaction));
    expect(await usersStore.find(on.queries, id)).to.include({ id });
  });

  for (const kind of ['transaction', 'exclusively'] as const) {
    it(`undoes all that a failed ${kind} did, and hands on why it failed`, async () => {
      const failed = on.database[kind](async (transaction) => {
        await addUser(transaction, { username: `undone by ${kind}` });
        throw new Error('the reason');
      });
      expect(await failed.catch((reason: unknown) => reason)).to.include({ message: 'the reason' });
      expect(await usersStore.findByName(on.queries, `undone by ${kind}`)).to.be.undefined;
    });
  }

  it('undoes a transaction in which a statement failed', async () => {
    const taken = await addUser(on.queries);
    const failed = on.database.transaction(async (transaction) => {
      await addUser(transaction, { username: 'undone by a statement' });
      await usersStore.setRoles(transaction, taken.id, ['no role']);
    });
    expect(await failed.catch((reason: unknown) => reason)).to.be.an('error');
    expect(await usersStore.findByName(on.queries, 'undone by a statement')).to.be.undefined;
  });

  it('keeps transactions at once apart: each is there wholly or not at all', async () => {
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
        on.database.exclusively(async (transaction) => {
          expect(++running).to.equal(1);
          await keysStore.all(transaction);
          expect(running).to.equal(1);
          running--;
        }),
      ),
    );
  });

  it('gives 64-bit integers as numbers', async () => {
    const time = Date.parse('9999-12-31T23:59:59Z');
    const { id } = await addUser(on.queries, { disabled_at: time });
    expect(await usersStore.find(on.queries, id)).to.include({ disabled_at: time });
    expect(await usersStore.countAdministrators(on.queries)).to.equal(0);
  });
});

describe('The database on several PostgreSQL connections', () => {
  let url: string;
  before(async () => {
    url = await newPostgresDatabase();
  });

  it('runs one exclusive transaction at a time of all processes', async () => {
    const replicas = [1, 2, 3].map(() => openDatabase({ kind: 'postgres', url }));
    const order: string[] = [];
    await Promise.all(
      replicas.map((replica, index) =>
        replica.exclusively(async () => {
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

  it('outlives a connection that breaks while nobody uses it, and reports it', async () => {
    let report: (error: Error) => void;
    const reported = new Promise<Error>((resolve) => (report = resolve));
    const database = openDatabase({ kind: 'postgres', url }, (error) => {
      report(error);
    });
    await database.ping();
    const other = new (await import('pg')).default.Client({ connectionString: url });
    await other.connect();
    await other.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    await other.end();
    expect(await reported).to.be.an('error');
    await database.ping();
    await database.close();
  });

  it('does not answer where there is no server', async () => {
    const nowhere = openDatabase({ kind: 'postgres', url: 'postgres://127.0.0.1:1/nothing' });
    expect(await nowhere.ping().catch((reason: unknown) => reason)).to.be.an('error');
    await nowhere.close();
  });
});

describe('The database in a SQLite file', () => {
  const folder = temporaryFolder();
  let file: string;
  let database: Database;
  let otherProcess: DatabaseSync;

  before(async () => {
    file = folder.path('shared.db');
    database = openDatabase({ kind: 'sqlite', file });
    await database.migrate();
    otherProcess = new DatabaseSync(file, { timeout: 0 });
  });
  after(async () => {
    otherProcess.close();
    await database.close();
  });

  it('has its turn from the beginning of a transaction to its end', async () => {
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

  it('notices what another process wrote, and only that, until it is told to stop', async () => {
    mock.timers.enable({ apis: ['setInterval'] });
    try {
      let noticed = 0;
      let succeeds = true;
      const stop = database.onForeignChange(() => {
        noticed++;
        return Promise.resolve(succeeds);
      });
      const write = (name: string): void => {
        otherProcess.exec(`insert into roles values ('${name}', '', '', 0, 0, 0)`);
      };
      await addUser(database.queries);
      mock.timers.tick(2000);
      expect(noticed).to.equal(0);
      write('first');
      succeeds = false;
      mock.timers.tick(500);
      await Promise.resolve();
      succeeds = true;
      mock.timers.tick(500);
      await Promise.resolve();
      expect(noticed, 'again after a reading that failed').to.equal(2);
      mock.timers.tick(2000);
      expect(noticed).to.equal(2);
      stop();
      write('second');
      mock.timers.tick(2000);
      expect(noticed).to.equal(2);
    } finally {
      mock.timers.reset();
    }
  });
});
