import { expect } from 'chai';
import { describeOnDatabases, listDatabaseKinds, openTestDatabase } from '../../src/testing.js';
import { reportMigrations, type ReportTables } from '../support/own-project.js';

describeOnDatabases('A suite of describeOnDatabases', reportMigrations, (on) => {
  it('has Latchkey’s tables and the project’s, and users to refer to', async () => {
    const id = await on.addUser('ada');
    const { queries } = on.database.withTables<ReportTables>();
    await queries
      .insertInto('reports')
      .values({ id: 'one', owner_id: id, title: 'First', created_at: 0 })
      .execute();
    const rows = await queries
      .selectFrom('reports')
      .innerJoin('users', 'users.id', 'owner_id')
      .select(['title', 'username'])
      .execute();
    expect(rows).to.deep.equal([{ title: 'First', username: 'ada' }]);
  });

  it('has one database for all of its tests', async () => {
    const { queries } = on.database.withTables<ReportTables>();
    expect(await queries.selectFrom('reports').select('id').execute()).to.deep.equal([{ id: 'one' }]);
  });
});

describe('openTestDatabase', () => {
  it('gives each test a database of its own', async () => {
    for (const kind of listDatabaseKinds()) {
      await using one = await openTestDatabase(kind);
      await using other = await openTestDatabase(kind);
      await one.addUser('ada');
      expect(await other.addUser('ada')).to.be.a('string');
    }
  });

  it('says which variable names a PostgreSQL server where there is none', async () => {
    const server = process.env['TEST_POSTGRES_URL'];
    delete process.env['TEST_POSTGRES_URL'];
    try {
      expect(listDatabaseKinds()).to.deep.equal(['sqlite']);
      const refused = await openTestDatabase('postgres').then(
        () => undefined,
        (error: unknown) => error,
      );
      expect((refused as Error).message).to.match(/^Set TEST_POSTGRES_URL to a PostgreSQL server/);
    } finally {
      if (server !== undefined) process.env['TEST_POSTGRES_URL'] = server;
    }
  });
});
