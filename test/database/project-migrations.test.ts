import { expect } from 'chai';
import { sql } from 'kysely';
import type { Database } from '../../src/database/database.js';
import type { ProjectMigration, ProjectMigrations } from '../../src/latchkey.js';
import { StartError } from '../../src/start-error.js';
import { databaseKinds, newDatabase, openTestDatabase } from '../support/databases.js';
import { newPostgresDatabase } from '../support/postgres.js';

const create = (table: string): ProjectMigration => ({
  async up(database) {
    await sql`create table ${sql.table(table)} (id text primary key)`.execute(database);
  },
});

const failing: ProjectMigration = {
  async up(database) {
    await sql`create table half (id text primary key)`.execute(database);
    await sql`insert into half (no_such_column) values (1)`.execute(database);
  },
};

for (const kind of databaseKinds) {
  describe(`A project's migrations on ${kind}`, () => {
    let database: Database;
    beforeEach(async () => {
      database = await newDatabase(kind);
    });
    afterEach(() => database.close());

    const tables = async (): Promise<string[]> =>
      (await database.queries.introspection.getTables()).map(({ name }) => name);
    const refusal = async (project: ProjectMigrations): Promise<string> => {
      const error: unknown = await database.migrate({ project }).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(StartError);
      return (error as Error).message;
    };

    it('run after Latchkey’s, once, in the order of their names, whatever numbers those have', async () => {
      const ran: string[] = [];
      const noted = (name: string): ProjectMigration => ({
        async up(each, { dialect }) {
          expect(dialect).to.equal(kind);
          await each.selectFrom('users').selectAll().execute();
          ran.push(name);
        },
      });
      const project = { '0002-b': noted('b'), '0001-core': noted('a') };
      await database.migrate({ project });
      await database.migrate({ project });
      expect(ran).to.deep.equal(['a', 'b']);
      await database.migrate({ project: { ...project, '0003-c': noted('c') } });
      expect(ran).to.deep.equal(['a', 'b', 'c']);
      const { rows } = await sql<{ name: string }>`select name from project_migration order by name`.execute(
        database.queries,
      );
      expect(rows.map(({ name }) => name)).to.deep.equal(['0001-core', '0002-b', '0003-c']);
    });

    it('leave no tables of their own where there are none', async () => {
      await database.migrate({ project: {} });
      expect((await tables()).filter((name) => name.startsWith('project_'))).to.deep.equal([]);
    });

    it('leave nothing behind where one fails, say which one it was, and go through once it is corrected', async () => {
      expect(await refusal({ '0001-whole': create('whole'), '0002-half': failing })).to.match(
        /^The project's migration "0002-half" failed \(.*no_such_column.*\)\. Nothing that it or another one was to change has changed: correct it, and start again\.$/,
      );
      expect(await tables())
        .to.include('users')
        .and.not.include.members(['whole'])
        .and.not.include('half');
      await database.queries.selectFrom('users').selectAll().execute();
      await database.migrate({ project: { '0001-whole': create('whole'), '0002-half': create('half') } });
      expect(await tables()).to.include.members(['whole', 'half']);
    });

    it('refuse a database that a newer version of the project has migrated', async () => {
      await database.migrate({ project: { '0001-a': create('a'), '0002-b': create('b') } });
      for (const project of [{ '0001-a': create('a') }, {}]) {
        expect(await refusal(project)).to.match(
          /^A newer version of this project has migrated the database: it has had .*"0002-b", which this version does not know\. Run that version, or restore a backup from before \(docs\/rollback\.md\)\.$/,
        );
      }
    });

    it('are refused where one comes too late, or has no number', async () => {
      await database.migrate({ project: { '0002-b': create('b') } });
      expect(await refusal({ '0001-a': create('a'), '0002-b': create('b') })).to.match(
        /^The project's migration "0001-a" would run after "0002-b", which has run already/,
      );
      expect(await refusal({ '0002-b': create('b'), reports: create('c') })).to.match(
        /^"reports" is no name for a migration of the project: begin with a number/,
      );
    });

    it('say of which version Latchkey’s newer migrations are', async () => {
      await database.migrate();
      await sql`insert into kysely_migration (name, timestamp) values ('9999-of-the-future', '2030-01-01')`.execute(
        database.queries,
      );
      expect(await refusal({})).to.match(
        /^A newer version of Latchkey has migrated the database: it has had "9999-of-the-future"/,
      );
    });
  });
}

describe("A project's migrations in several replicas", () => {
  it('run once', async () => {
    const url = await newPostgresDatabase();
    const replicas = [1, 2, 3].map(() => openTestDatabase({ kind: 'postgres', url }));
    let ran = 0;
    const project: ProjectMigrations = {
      '0001-a': {
        async up(each) {
          ran += 1;
          await sql`create table a (id text primary key)`.execute(each);
        },
      },
    };
    await Promise.all(replicas.map((replica) => replica.migrate({ project })));
    expect(ran).to.equal(1);
    await Promise.all(replicas.map((replica) => replica.close()));
  });
});
