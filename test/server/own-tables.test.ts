import { expect } from 'chai';
import { sql } from 'kysely';
import type { ProjectMigrations } from '../../src/latchkey.js';
import { rowsPerBatch } from '../../src/database/batches.js';
import repository from '../../src/project.js';
import { databaseKinds } from '../support/databases.js';
import { addUser } from '../support/records.js';
import { TestApp } from '../support/test-app.js';

const password = 'correct horse battery';

/** A table that refers to users in each way that there is. */
const migrations: ProjectMigrations = {
  '0001-notes': {
    async up(database) {
      for (const [table, action] of [
        ['cascading', 'cascade'],
        ['emptied', 'set null'],
        ['restricting', 'restrict'],
        ['plain', undefined],
      ] as const) {
        await database.schema
          .createTable(table)
          .addColumn('id', 'text', (column) => column.notNull().primaryKey())
          .addColumn('owner_id', 'text', (column) => {
            const referring = column.references('users.id');
            return action ? referring.onDelete(action) : referring;
          })
          .execute();
      }
    },
  },
};

for (const kind of databaseKinds) {
  describe(`Own tables on ${kind} that refer to users`, () => {
    let app: TestApp;
    before(async () => {
      app = await TestApp.start({ database: kind, project: { ...repository, migrations } });
    });
    after(() => app.close());

    const rows = async (table: string): Promise<unknown[]> =>
      (await sql`select * from ${sql.table(table)}`.execute(app.services.database.queries)).rows;
    const insert = (table: string, id: string, owner: string) =>
      sql`insert into ${sql.table(table)} (id, owner_id) values (${id}, ${owner})`.execute(
        app.services.database.queries,
      );
    const isThere = async (id: string): Promise<boolean> =>
      (await app.services.database.queries
        .selectFrom('users')
        .select('id')
        .where('id', '=', id)
        .executeTakeFirst()) !== undefined;

    it('cannot name a user that there is not', async () => {
      const error = await insert('plain', 'a', 'nobody').catch((reason: unknown) => reason);
      expect(error).to.be.an('error');
      expect(await rows('plain')).to.deep.equal([]);
    });

    it('lose their rows or the name with the user, as the foreign key says', async () => {
      const { access_token: admin } = await app.login();
      const { id } = await app.createUser('ada', password);
      await app.login('ada', password);
      await insert('cascading', 'a', id);
      await insert('emptied', 'a', id);
      await app.delete(`/users/${id}`, admin).expect(204);
      expect(await rows('cascading')).to.deep.equal([]);
      expect(await rows('emptied')).to.deep.equal([{ id: 'a', owner_id: null }]);
      expect(await isThere(id)).to.equal(false);
    });

    for (const table of ['restricting', 'plain']) {
      it(`keep the row of a deleted user where the foreign key says nothing else (${table}), and nothing else of the user`, async () => {
        const { access_token: admin } = await app.login();
        const { id } = await app.createUser('ada', password);
        const { access_token: token } = await app.login('ada', password);
        await insert(table, 'a', id);
        await app.delete(`/users/${id}`, admin).expect(204);
        await app.get('/me', token).expect(401);
        await app.post('/login', { username: 'ada', password }).expect(401);
        await app.get(`/users/${id}`, admin).expect(404);
        const { queries } = app.services.database;
        const kept = await queries.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();
        expect(kept).to.include({ username: `\u0001${id}`, password_hash: '' });
        const sessions = await queries
          .selectFrom('sessions')
          .select('id')
          .where('user_id', '=', id)
          .execute();
        expect(sessions).to.deep.equal([]);
        // The name is free.
        const again = await app.createUser('ada', password);
        await app.delete(`/users/${again.id}`, admin).expect(204);

        await app.services.cleanUp();
        expect(await isThere(id)).to.equal(true);
        await sql`delete from ${sql.table(table)}`.execute(queries);
        await app.services.cleanUp();
        expect(await isThere(id)).to.equal(false);
      });
    }

    it('keep no other deletion from being finished, however many users they keep, and say so in the log once', async () => {
      const { database, clock } = app.services;
      const deleted = async (): Promise<string> => {
        const { id } = await addUser(database.queries);
        await database.queries
          .updateTable('users')
          .set({ deleted_at: clock.now() })
          .where('id', '=', id)
          .execute();
        return id;
      };
      for (let each = 0; each < rowsPerBatch; each += 1) await insert('plain', `${each}`, await deleted());
      const last = await deleted();
      const said = (): number => app.logged.filter(({ event }) => event === 'deleted_users_kept').length;
      const before = said();
      await app.services.cleanUp();
      await app.services.cleanUp();
      expect(await isThere(last)).to.equal(false);
      expect(await rows('plain')).to.have.length(rowsPerBatch);
      expect(said()).to.equal(before + 1);
    });
  });
}
