import { expect } from 'chai';
import { v7 } from 'uuid';
import { usedAssertionsStore } from '../../src/oauth/used-assertions.store.js';
import { minute, recordTime } from '../support/records.js';
import { describeStore } from '../support/store-contract.js';

describeStore('The used assertions store', (on) => {
  const use = (details: { clientId?: string; jti?: string; expiresAt?: number } = {}) => ({
    clientId: v7(),
    jti: 'first',
    expiresAt: recordTime + minute,
    ...details,
  });

  it('accepts an assertion once', async () => {
    const assertion = use();
    expect(await usedAssertionsStore.add(on.queries, assertion)).to.be.true;
    expect(await usedAssertionsStore.add(on.queries, assertion)).to.be.false;
  });

  it('accepts the same jti of another client, and another jti of the same client', async () => {
    const assertion = use();
    await usedAssertionsStore.add(on.queries, assertion);
    expect(await usedAssertionsStore.add(on.queries, { ...assertion, clientId: v7() })).to.be.true;
    expect(await usedAssertionsStore.add(on.queries, { ...assertion, jti: 'First' })).to.be.true;
  });

  it('lets one of many concurrent requests use it', async () => {
    const assertion = use();
    const added = await Promise.all(
      Array.from({ length: 20 }, () => usedAssertionsStore.add(on.queries, assertion)),
    );
    expect(added.filter((won) => won)).to.have.length(1);
  });

  for (const jti of ['a\u0000b', '\ud800', 'x'.repeat(8000), "'; drop table used_assertions; --"]) {
    it(`accepts any text for a jti: ${JSON.stringify(jti.slice(0, 40))}`, async () => {
      const assertion = use({ jti });
      expect(await usedAssertionsStore.add(on.queries, assertion)).to.be.true;
      expect(await usedAssertionsStore.add(on.queries, assertion)).to.be.false;
    });
  }

  it('deletes expired ones, and no others', async () => {
    const dead = use();
    const live = use({ expiresAt: dead.expiresAt + 1 });
    await usedAssertionsStore.add(on.queries, dead);
    await usedAssertionsStore.add(on.queries, live);
    await usedAssertionsStore.deleteExpired(on.queries, dead.expiresAt, 1000);
    expect(await usedAssertionsStore.add(on.queries, dead)).to.be.true;
    expect(await usedAssertionsStore.add(on.queries, live)).to.be.false;
  });
});
