import { expect } from 'chai';
import { loginStore } from '../../src/authentication/login.store.js';
import { usersStore } from '../../src/users/users.store.js';
import { addSession, addUser, recordTime } from '../support/records.js';
import { describeStore } from '../support/store-contract.js';

const network = '192.0.2.7';

describeStore('The login store', (on) => {
  it('finds what a login needs of a user, in any spelling of the name', async () => {
    const details = {
      disabled_at: recordTime,
      password_one_time: 1,
      one_time_expires_at: recordTime + 1,
      password_hash: 'a hash',
    };
    const { id } = await addUser(on.queries, { username: 'Ada Lovelace', ...details });
    for (const username of ['Ada Lovelace', 'ADA LOVELACE', 'ａｄａ\u3000lovelace']) {
      const { user } = await loginStore.find(on.queries, { username, network });
      expect(user).to.include({ id, ...details });
    }
  });

  for (const username of ['nobody', '', '%', '\u0001', 'ada\u0000lovelace', '\ud800']) {
    it(`finds no user as ${JSON.stringify(username)}, from an unknown network`, async () => {
      await addSession(on.queries, await addUser(on.queries), { network });
      const deleted = await addUser(on.queries);
      await usersStore.delete(on.queries, deleted.id, recordTime);
      const nobody = { user: undefined, known: false };
      expect(await loginStore.find(on.queries, { username, network })).to.deep.equal(nobody);
    });
  }

  it('recognizes the networks that a user has logged in from', async () => {
    const user = await addUser(on.queries);
    const other = await addUser(on.queries);
    await addSession(on.queries, user, { network });
    await addSession(on.queries, user, { network });
    const knows = async ({ username }: { username: string }, from: string): Promise<boolean> =>
      (await loginStore.find(on.queries, { username, network: from })).known;
    expect(await knows(user, network)).to.be.true;
    expect(await knows(user, '192.0.2.70')).to.be.false;
    expect(await knows(other, network)).to.be.false;
  });
});
