import { expect } from 'chai';
import type { KeyRow } from '../../src/database/schema.js';
import { keysStore } from '../../src/keys/keys.store.js';
import { minute, recordTime } from '../support/records.js';
import { describeStore } from '../support/store-contract.js';

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

describeStore('The keys store', (on) => {
  const youngest: KeyRow = { ...key('a', recordTime + minute), retired_at: recordTime + 2 * minute };
  const oldest: KeyRow = {
    ...key('z', recordTime),
    purpose: 'refresh',
    algorithm: 'HS256',
    public_key: null,
  };
  const sameAge = key('b', recordTime);

  it('is empty at first', async () => {
    expect(await keysStore.list(on.queries)).to.deep.equal([]);
  });

  it('returns every key unchanged, the earliest first', async () => {
    for (const row of [youngest, oldest, sameAge]) await keysStore.insert(on.queries, row);
    expect(await keysStore.list(on.queries)).to.deep.equal([sameAge, oldest, youngest]);
  });

  it('refuses a second key with the same id', async () => {
    expect(await keysStore.insert(on.queries, { ...sameAge, algorithm: 'other' })).to.be.false;
    expect(await keysStore.list(on.queries)).to.deep.include(sameAge);
  });

  const ends = async (): Promise<Record<string, number | null>> =>
    Object.fromEntries((await keysStore.list(on.queries)).map(({ id, retired_at: end }) => [id, end]));

  it('sets when a purpose’s other keys retire, and postpones none', async () => {
    await keysStore.retireOthers(on.queries, 'access', 'a', recordTime + 5 * minute);
    expect(await ends()).to.deep.equal({ a: recordTime + 2 * minute, b: recordTime + 5 * minute, z: null });
    await keysStore.retireOthers(on.queries, 'access', undefined, recordTime + 3 * minute);
    expect(await ends()).to.deep.equal({
      a: recordTime + 2 * minute,
      b: recordTime + 3 * minute,
      z: null,
    });
  });

  it('sets when one key retires, and may postpone it', async () => {
    await keysStore.retire(on.queries, 'b', recordTime + 9 * minute);
    expect(await ends()).to.include({ a: recordTime + 2 * minute, b: recordTime + 9 * minute });
  });

  it('sets when a key becomes active, and clears when it retires', async () => {
    await keysStore.schedule(on.queries, 'a', recordTime + 7 * minute);
    const found = (await keysStore.list(on.queries)).at(-1);
    expect(found).to.deep.equal({ ...youngest, active_at: recordTime + 7 * minute, retired_at: null });
  });

  it('replaces the encrypted half of one key', async () => {
    await keysStore.reseal(on.queries, 'z', 'sealed again');
    const sealed = (await keysStore.list(on.queries)).map(({ id, sealed_key: half }) => [id, half]);
    expect(Object.fromEntries(sealed)).to.deep.equal({ a: 'sealed', b: 'sealed', z: 'sealed again' });
  });

  it('deletes a key once, and returns its purpose', async () => {
    expect(await keysStore.delete(on.queries, 'z')).to.equal('refresh');
    expect(await keysStore.delete(on.queries, 'z')).to.be.undefined;
  });

  it('deletes retired keys', async () => {
    await keysStore.deleteRetired(on.queries, recordTime + 9 * minute - 1);
    expect(await ends()).to.have.all.keys('a', 'b');
    await keysStore.deleteRetired(on.queries, recordTime + 9 * minute);
    expect(await ends()).to.have.all.keys('a');
  });
});
