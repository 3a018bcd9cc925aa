import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { sql } from 'kysely';
import { checkDatabase } from '../../src/cli/check-database.js';
import { getExitCode } from '../../src/cli/exit-codes.js';
import { findDatabaseErrors } from '../../src/cli/database-checks.store.js';
import { parseDatabaseUrl, type DatabaseUrl } from '../../src/database/database-url.js';
import type { Database } from '../../src/database/database.js';
import { openDatabase } from '../../src/database/open-database.js';
import { captureOutput } from '../support/command-output.js';
import { databaseKinds, createDatabaseUrl } from '../support/databases.js';
import { reportMigrations } from '../support/own-project.js';
import { addSession, addUser } from '../support/records.js';
import { catchRejection } from '../support/rejections.js';
import { TestApp, testSecret } from '../support/test-app.js';

for (const kind of databaseKinds) {
  describe(`latchkey check-database on ${kind}`, () => {
    let database: Database;
    let url: DatabaseUrl;
    beforeEach(async () => {
      url = parseDatabaseUrl(await createDatabaseUrl(kind));
      database = openDatabase(url);
      await database.migrate();
    });
    afterEach(() => database.close());

    it('finds no errors in an intact database, and changes nothing', async () => {
      const user = await addUser(database.queries, { password_hash: '$argon2id$…' });
      await addSession(database.queries, user);
      const read = () =>
        Promise.all([
          database.queries.selectFrom('users').selectAll().execute(),
          database.queries.selectFrom('sessions').selectAll().execute(),
        ]);
      const before = await read();
      expect(await findDatabaseErrors(database)).to.deep.equal([]);
      expect(await read()).to.deep.equal(before);
    });

    it('finds rows that refer to rows that do not exist', async () => {
      const user = await addUser(database.queries, { password_hash: '$argon2id$…' });
      await addSession(database.queries, user);
      await deleteUsersAlone();
      expect((await findDatabaseErrors(database)).join('\n')).to.match(
        /"sessions" name rows of "users" that are not there/,
      );
    });

    it('finds rows of a project that refer to rows that do not exist', async () => {
      await database.migrate({ project: reportMigrations });
      const user = await addUser(database.queries, { password_hash: '$argon2id$…' });
      await sql`insert into reports (id, owner_id, title, created_at) values ('1', ${user.id}, 'First', 0)`.execute(
        database.queries,
      );
      expect(await findDatabaseErrors(database)).to.deep.equal([]);
      await deleteUsersAlone();
      expect((await findDatabaseErrors(database)).join('\n')).to.match(
        /"reports" name rows of "users" that are not there/,
      );
    });

    it('finds usernames with a wrong key, and malformed password hashes', async () => {
      const user = await addUser(database.queries);
      await database.queries.updateTable('users').set({ username_key: 'other' }).execute();
      const errors = await findDatabaseErrors(database);
      expect(errors).to.have.length(2);
      for (const error of errors) expect(error).to.include(user.id);
    });

    it('finds revocations with a higher version than their user has', async () => {
      const user = await addUser(database.queries, { password_hash: '$argon2id$…', version: 3 });
      const row = { kind: 'subject' as const, target: user.id, expires_at: 1, created_at: 1 };
      await database.queries
        .insertInto('revocations')
        .values({ ...row, version: 3 })
        .execute();
      expect(await findDatabaseErrors(database)).to.deep.equal([]);
      await database.queries.updateTable('revocations').set({ version: 4 }).execute();
      expect((await findDatabaseErrors(database)).join()).to.include('older version');
    });

    if (kind === 'sqlite') {
      it('does not block the writes of a running service', async () => {
        await addUser(database.queries, { password_hash: '$argon2id$…' });
        const other = new DatabaseSync(url.kind === 'sqlite' ? url.file : '');
        try {
          other.exec('begin immediate');
          expect(await findDatabaseErrors(database)).to.deep.equal([]);
        } finally {
          other.close();
        }
      });
    }

    if (kind === 'postgres') {
      it('checks the indexes if amcheck is installed', async () => {
        await sql`create extension amcheck`.execute(database.queries);
        await addUser(database.queries, { password_hash: '$argon2id$…' });
        expect(await findDatabaseErrors(database)).to.deep.equal([]);
      });
    }

    /** The rows that no foreign key protects. */
    async function deleteUsersAlone(): Promise<void> {
      if (url.kind === 'sqlite') {
        const other = new DatabaseSync(url.file, { enableForeignKeyConstraints: false });
        other.exec('delete from users');
        other.close();
      } else {
        await sql`alter table users disable trigger all`.execute(database.queries);
        await sql`delete from users`.execute(database.queries);
      }
    }
  });

  describe(`latchkey check-database as a command on ${kind}`, () => {
    const settings = (url: string, secret: string) => ({
      DATABASE_URL: url,
      LATCHKEY_SECRET: secret,
      LATCHKEY_ISSUER: 'http://latchkey.test',
    });

    it('reports that an installation is intact, and whether the secret decrypts its keys', async () => {
      const url = await createDatabaseUrl(kind);
      const app = await TestApp.start({ database: kind, settings: { DATABASE_URL: url } });
      try {
        const { output, printed } = captureOutput();
        await checkDatabase(output, settings(url, testSecret));
        expect(printed()).to.include('The database is sound.');
        const json = captureOutput(true);
        const error = await catchRejection(
          checkDatabase(json.output, settings(url, 'another secret, which is long enough')),
        );
        expect(JSON.parse(json.printed())).to.have.property('sound', false);
        expect(getExitCode(error)).to.equal(5);
        expect(error).to.have.property('message').that.includes('The secret does not open the keys');
      } finally {
        await app.close();
      }
    });
  });
}
