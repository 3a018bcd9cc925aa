import { expect } from 'chai';
import type { KeyRow } from '../../src/database/schema.js';
import { keysStore } from '../../src/tokens/keys.store.js';
import { minute, recordTime } from '../support/records.js';
import { storeContract } from '../support/store-contract.js';

const key = (id: string, activeAt: number): KeyRow => ({
  id,
  purpose: 'access',
  algorithm: 'ES256',
  public_key: '{"kty":"EC"}',
  sealed_key: 'sealed',
  created_at: recordTime,
  active_at: activeAt,
  retired_at: null,
});

storeContract('The keys store', (on) => {
  const youngest: KeyRow = { ...key('a', recordTime + minute), retired_at: recordTime + 2 * minute };
  const oldest: KeyRow = {
    ...key('z', recordTime),
    purpose: 'refresh',
    algorithm: 'HS256',
    public_key: null,
  };
  const sameAge = key('b', recordTime);

  it('has no keys at first', async () => {
    expect(await keysStore.all(on.queries)).to.deep.equal([]);
  });

  it('gives back every key as it was added, the oldest first', async () => {
    for (const row of [youngest, oldest, sameAge]) await keysStore.insert(on.queries, row);
    expect(await keysStore.all(on.queries)).to.deep.equal([sameAge, oldest, youngest]);
  });

  it('refuses a second key of the same id', async () => {
    expect(await keysStore.insert(on.queries, { ...sameAge, algorithm: 'other' })).to.be.false;
    expect(await keysStore.all(on.queries)).to.deep.include(sameAge);
  });
});
