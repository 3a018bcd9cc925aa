import { expect } from 'chai';
import { v7 } from 'uuid';
import { clientsStore } from '../../src/clients/clients.store.js';
import { addClient, minute, recordTime } from '../support/records.js';
import { describeStore } from '../support/store-contract.js';

const later = recordTime + minute;

describeStore('The clients store', (on) => {
  it('stores a client unchanged', async () => {
    const client = await addClient(on.queries, {
      secret_hash: null,
      jwks: '{"keys":[]}',
      access_token_lifetime: 60,
      disabled_at: later,
    });
    expect(await clientsStore.find(on.queries, client.id)).to.deep.equal(client);
  });

  it('finds, changes and deletes nothing for an unknown id', async () => {
    const id = v7();
    expect(await clientsStore.find(on.queries, id)).to.be.undefined;
    expect(await clientsStore.lock(on.queries, id)).to.be.undefined;
    expect(await clientsStore.update(on.queries, id, later, { name: 'nobody' })).to.be.undefined;
    expect(await clientsStore.delete(on.queries, id)).to.be.false;
  });

  it('lists clients from the oldest on, a page at a time', async () => {
    for (let count = 0; count < 5; count++) await addClient(on.queries);
    const all = await clientsStore.list(on.queries, { limit: 100, after: undefined });
    const ids = all.map(({ id }) => id);
    expect(ids).to.deep.equal([...ids].sort());
    const page = await clientsStore.list(on.queries, { limit: 2, after: ids[1] });
    expect(page).to.deep.equal(all.slice(2, 4));
  });

  it('changes the given columns and leaves the others', async () => {
    const client = await addClient(on.queries);
    const changed = { ...client, scopes: 'a b', updated_at: later };
    expect(await clientsStore.update(on.queries, client.id, later, { scopes: 'a b' })).to.deep.equal(changed);
    expect(await clientsStore.find(on.queries, client.id)).to.deep.equal(changed);
  });

  it('locks a client without changing it', async () => {
    const client = await addClient(on.queries);
    expect(await clientsStore.lock(on.queries, client.id)).to.deep.equal(client);
    expect(await clientsStore.find(on.queries, client.id)).to.deep.equal(client);
  });

  it('serializes changes that lock the client', async () => {
    const { id } = await addClient(on.queries, { scopes: '' });
    const append = (word: string) =>
      on.database.transaction(async (transaction) => {
        const before = await clientsStore.lock(transaction, id);
        await clientsStore.update(transaction, id, later, { scopes: `${before?.scopes ?? ''}${word}` });
      });
    await Promise.all(['a', 'b', 'c', 'd'].map(append));
    const { scopes } = (await clientsStore.find(on.queries, id)) ?? {};
    expect(scopes?.split('')).to.have.members(['a', 'b', 'c', 'd']);
  });

  it('lets one of many concurrent deletions succeed', async () => {
    const { id } = await addClient(on.queries);
    const deleted = await Promise.all(Array.from({ length: 8 }, () => clientsStore.delete(on.queries, id)));
    expect(deleted.filter((won) => won)).to.have.length(1);
  });
});
