import { expect } from 'chai';
import { sql } from 'kysely';
import type { Database } from '../../src/database/database.js';
import { openTestDatabase } from '../support/databases.js';
import { createPostgresDatabase } from '../support/postgres.js';

describe('A deadlock of two transactions on PostgreSQL', () => {
  let database: Database;
  before(async () => {
    database = openTestDatabase({ kind: 'postgres', url: await createPostgresDatabase() });
    await sql`create table counters (id int primary key, count int not null)`.execute(database.queries);
    await sql`insert into counters values (1, 0), (2, 0)`.execute(database.queries);
  });
  after(() => database.close());

  it('is not reported: the transaction that is rolled back runs again', async () => {
    let attempts = 0;
    let bothHoldOne = (): void => undefined;
    const untilBothDo = new Promise<void>((resolve) => (bothHoldOne = resolve));
    const addTo = (first: number, second: number): Promise<void> =>
      database.transaction(async (transaction) => {
        attempts += 1;
        const add = (id: number) =>
          sql`update counters set count = count + 1 where id = ${id}`.execute(transaction);
        await add(first);
        if (attempts === 2) bothHoldOne();
        await untilBothDo;
        await add(second);
      });
    await Promise.all([addTo(1, 2), addTo(2, 1)]);
    expect(attempts).to.be.above(2);
    const { rows } = await sql<{ count: number }>`select count from counters`.execute(database.queries);
    expect(rows).to.deep.equal([{ count: 2 }, { count: 2 }]);
  });
});
