import { expect } from 'chai';
import type { Database, Queries } from '../../src/database/database.js';
import { sessionsStore } from '../../src/sessions/sessions.store.js';
import { openTestDatabase } from '../support/databases.js';
import { createPostgresDatabase, waitUntilBlocked } from '../support/postgres.js';
import { addRefreshKey, addSession, addUser, minute, recordTime } from '../support/records.js';

describe('Two concurrent refreshes with one token on PostgreSQL', () => {
  let database: Database;
  before(async () => {
    database = openTestDatabase({ kind: 'postgres', url: await createPostgresDatabase() });
    await database.migrate();
    for (const key of ['the next key', 'another key']) await addRefreshKey(database.queries, key);
  });
  after(() => database.close());

  const rotate = (queries: Queries, id: string, newKeyId: string) =>
    sessionsStore.rotate(queries, {
      id,
      generation: 0,
      now: { value: recordTime + minute, from: (value) => value },
      grace: minute,
      newKeyId,
      refreshLifetime: 60 * minute,
      accessExpiresAt: recordTime + 15 * minute,
      lifetime: 24 * 60 * minute,
    });

  it('get the same successor if the first one moves the session to a new key', async () => {
    const { id } = await addSession(database.queries, await addUser(database.queries));
    const { first, second } = await database.transaction(async (transaction) => {
      const won = await rotate(transaction, id, 'the next key');
      const blocked = rotate(database.queries, id, 'another key');
      await waitUntilBlocked(database, 1);
      return { first: won, second: blocked };
    });
    expect(first).to.include({ generation: 1, refresh_key_id: 'the next key' });
    expect(await second).to.deep.equal(first);
  });
});
