import { expect } from 'chai';
import { usersStore } from '../../src/users/users.store.js';
import { addUser } from '../support/records.js';
import { describeStore } from '../support/store-contract.js';

describeStore('A batch', (on) => {
  const nameOf = async (id: string): Promise<string | undefined> =>
    (await usersStore.findStored(on.queries, id))?.username;
  const rename = (id: string, username: string) => ({
    query: on.queries.updateTable('users').set({ username }).where('id', '=', id).returning('username'),
    required: true,
  });

  it('returns the rows of each statement, in one transaction', async () => {
    const user = await addUser(on.queries);
    const rows = await on.database.batch([
      rename(user.id, 'bea'),
      { query: on.queries.selectFrom('users').select('username').where('id', '=', user.id) },
    ]);
    expect(rows).to.deep.equal([[{ username: 'bea' }], [{ username: 'bea' }]]);
  });

  it('stops if a required statement returns no row, and is rolled back', async () => {
    const [one, other] = [await addUser(on.queries), await addUser(on.queries)];
    const rows = await on.database.batch([
      rename(one.id, 'cyd'),
      rename('nobody', 'cyd'),
      rename(other.id, 'cyd'),
    ]);
    expect(rows).to.be.undefined;
    expect(await nameOf(one.id)).to.equal(one.username);
    expect(await nameOf(other.id)).to.equal(other.username);
  });

  it('is rolled back if a statement fails', async () => {
    const [one, other] = [await addUser(on.queries), await addUser(on.queries)];
    const clashing = on.queries
      .updateTable('users')
      .set({ username_key: other.username })
      .where('id', '=', one.id);
    const failing = on.database.batch([rename(one.id, 'dov'), { query: clashing }]);
    expect(await failing.catch((error: unknown) => error)).to.be.an('error');
    expect(await nameOf(one.id)).to.equal(one.username);
  });
});
