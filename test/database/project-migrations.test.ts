import { expect } from 'chai';
import { CompiledQuery, sql } from 'kysely';
import type { Database } from '../../src/database/database.js';
import type { ProjectMigration, ProjectMigrations } from '../../src/latchkey.js';
import { StartError } from '../../src/start-error.js';
import { databaseKinds, createDatabase, openTestDatabase } from '../support/databases.js';
import { createPostgresDatabase } from '../support/postgres.js';

const create = (table: string): ProjectMigration => ({
  async up(database) {
    await sql`create table ${sql.table(table)} (id text primary key)`.execute(database);
  },
});

const executing = (statements: string): ProjectMigration => ({
  async up(database) {
    for (const statement of statements.split(';')) await sql.raw(statement).execute(database);
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
      database = await createDatabase(kind);
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

    it('are refused where two have one number and one of them has not run yet', async () => {
      const message = /^The project's migrations "0002-b" and "(0002|2)-c" have one number/;
      for (const name of ['0002-c', '2-c']) {
        expect(await refusal({ '0001-a': create('a'), '0002-b': create('b'), [name]: create('c') })).to.match(
          message,
        );
      }
      await database.migrate({ project: { '0002-b': create('b') } });
      expect(await refusal({ '0002-b': create('b'), '0002-c': create('c') })).to.match(message);
      await sql`insert into project_migration (name, timestamp) values ('0002-c', '2999-01-01')`.execute(
        database.queries,
      );
      await database.migrate({ project: { '0002-b': create('b'), '0002-c': create('c') } });
    });

    describe('that were edited after they had run', () => {
      const original: ProjectMigration = {
        async up(each) {
          await each.schema.createTable('tickets').addColumn('title', 'text').execute();
        },
      };
      const edited: ProjectMigration = {
        async up(each) {
          await each.schema.createTable('tickets').addColumn('name', 'text').execute();
        },
      };
      /** As another formatter and another author of comments would write it. */
      const laidOut: ProjectMigration = {
        // prettier-ignore
        async up( each, ) {
          /* The tickets. */
          await each.schema
            .createTable('tickets').addColumn( 'title', 'text', ).execute() // That is all
        },
      };

      it('are refused at the next start and in a dry run, with what to do', async () => {
        await database.migrate({ project: { '0001-tickets': original } });
        const message =
          /^The project's migration "0001-tickets" was edited after it had run on this database, where it does not run again\. Put it back as it was, and write the change as a migration of its own, "0003-…"\. Or, where the database that DATABASE_URL names is yours alone, delete it: the next start makes a new one\. An edit that changes no table is accepted by "npx latchkey migrate --accept-edited"/;
        const project = { '0001-tickets': edited, '0002-more': create('more') };
        expect(await refusal(project)).to.match(message);
        const dryRun: unknown = await database
          .findPendingMigrations({ project })
          .catch((reason: unknown) => reason);
        expect((dryRun as Error).message).to.match(message);
        expect(await tables()).not.to.include('more');
      });

      it('go through where only comments and layout are others', async () => {
        await database.migrate({ project: { '0001-tickets': original } });
        await database.migrate({ project: { '0001-tickets': laidOut } });
      });

      it('go through once they were accepted, and are watched from then on', async () => {
        await database.migrate({ project: { '0001-tickets': original } });
        await database.migrate({ project: { '0001-tickets': edited }, acceptEdited: true });
        await database.migrate({ project: { '0001-tickets': edited } });
        expect(await refusal({ '0001-tickets': original })).to.match(/was edited/);
      });

      it('are watched from the next start on where an earlier version of Latchkey has run them', async () => {
        await database.migrate({ project: { '0001-tickets': original } });
        await sql`delete from latchkey_project_migrations`.execute(database.queries);
        await database.migrate({ project: { '0001-tickets': original } });
        expect(await refusal({ '0001-tickets': edited })).to.match(/was edited/);
      });
    });

    describe('that touch what is Latchkey’s', () => {
      const refused = async (text: string): Promise<string> => {
        await database.migrate();
        const before = await tables();
        const message = await refusal({ '0001-a': create('a'), '0002-wrong': executing(text) });
        expect(message, text).to.match(
          /^The project's migration "0002-wrong" failed \(.*\)\. Nothing that it or another one was to change has changed/s,
        );
        expect(
          (await tables()).filter((name) => !before.includes(name) && !name.startsWith('project_')),
          text,
        ).to.deep.equal([]);
        return message;
      };

      it('are refused where they change a table, an index or a trigger of it', async () => {
        for (const text of [
          'alter table users add column nickname text',
          'alter table sessions drop column user_agent',
          'alter table clients rename to applications',
          'alter table latchkey_audit_outputs add column note text',
          'create index own_index on users (created_at)',
          'drop table counters',
          'drop index user_roles_by_role',
          ...(kind === 'sqlite'
            ? []
            : ['alter table users alter column username drop not null', 'truncate counters']),
        ]) {
          expect(await refused(text), text).to.match(
            /\(it changes the table "\w+", which is Latchkey's: a project refers to "users", and has columns, indexes and triggers on its own tables\)/,
          );
        }
      });

      it('are refused where they write a row of one', async () => {
        for (const text of [
          `insert into revocations (kind, target, expires_at, created_at) values ('token', 'x', 0, 0)`,
          `insert into roles (name, description, permissions, built_in, created_at, updated_at) values ('x', '', '', 0, 0, 0)`,
        ]) {
          expect(await refused(text), text).to.match(
            /\(it writes rows of "(revocations|roles)", which is Latchkey's/,
          );
        }
      });

      it('are refused where they make a name that is reserved', async () => {
        for (const [text, name] of [
          ['create table latchkey_x (id text primary key)', 'latchkey_x'],
          ['create view latchkey_seen as select id from users', 'latchkey_seen'],
          ['create table own (id text);create index kysely_own on own (id)', 'kysely_own'],
          [
            'create table own (id text);alter table own rename to project_migration_own',
            'project_migration_own',
          ],
        ] as const) {
          expect(await refused(text), text).to.include(
            `(it makes "${name}", and names that begin with latchkey_`,
          );
        }
      });

      it('are told whose a table is that exists already', async () => {
        expect(await refused('create table sessions (id text primary key)')).to.match(
          /"?sessions"? already exists: where no migration of the project has made it, it is Latchkey's, and yours needs another name/,
        );
      });
    });

    it('may read users, refer to them, and write their own tables', async () => {
      await database.migrate({
        project: {
          '0001-notes': {
            async up(each) {
              await each.schema
                .createTable('notes')
                .addColumn('id', 'text', (column) => column.primaryKey())
                .addColumn('owner_id', 'text', (column) => column.references('users.id').onDelete('cascade'))
                .addColumn('parent_id', 'text', (column) => column.references('notes.id'))
                .execute();
              await each.schema.createIndex('notes_by_owner').on('notes').column('owner_id').execute();
              await sql`insert into notes (id, owner_id) select id, id from users`.execute(each);
              await sql`create view seen as select id from users`.execute(each);
              await sql`savepoint mine`.execute(each);
              await sql`rollback to savepoint mine`.execute(each);
            },
          },
          '0002-notes': {
            async up(each) {
              await each.schema.alterTable('notes').renameTo('remarks').execute();
              await each.schema.createTable('notes').addColumn('id', 'text').execute();
            },
          },
        },
      });
      await database.queries.deleteFrom('users').execute();
    });

    it('are refused where a foreign key refers to nothing', async () => {
      for (const [word, text] of [
        ['usrs', 'create table notes (owner_id text references usrs(id))'],
        [kind === 'sqlite' ? 'users' : 'idd', 'create table notes (owner_id text references users(idd))'],
        ['users', 'create table notes (owner_name text references users(username))'],
      ] as const) {
        expect(await refusal({ '0001-notes': executing(text) })).to.match(
          new RegExp(`^The project's migration "0001-notes" failed \\(.*${word}.*\\)\\. Nothing`, 's'),
        );
      }
    });

    it('are refused before they end the transaction, and told what may have stayed where they have', async () => {
      const ending = (migration: ProjectMigration): ProjectMigrations => ({
        '0001-whole': create('whole'),
        '0002-ending': migration,
      });
      for (const text of ['commit', ' ROLLBACK', 'begin', 'end transaction', 'start transaction']) {
        const message = await refusal(ending(executing(text)));
        expect(message).to.match(
          /failed \(it writes ".*", and Latchkey begins and ends its transaction: leave that out\)\. Nothing/,
        );
        expect(await tables()).not.to.include('whole');
      }
      const message = await refusal(
        ending({
          async up(each) {
            await each.executeQuery(CompiledQuery.raw('commit'));
          },
        }),
      );
      expect(message).to.match(
        /^The project's migration "0002-ending" has ended the transaction in which Latchkey runs it.*\. What it and those before it had done until then may have stayed/,
      );
      expect(await tables()).to.include('whole');
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
    const url = await createPostgresDatabase();
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
