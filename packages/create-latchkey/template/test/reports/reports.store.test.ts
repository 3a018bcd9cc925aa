import { expect } from 'chai';
import { describeOnDatabases } from 'latchkey/testing';
import { migrations } from '../../src/migrations/index.js';
import { ReportsStore } from '../../src/reports/reports.store.js';

// On PostgreSQL where TEST_POSTGRES_URL names a server.
describeOnDatabases('ReportsStore', migrations, (on) => {
  it('finds a report with the name of its owner, until it is deleted', async () => {
    const store = new ReportsStore(on.database);
    const owner = await on.addUser('ada');
    await store.insert({ id: 'one', owner_id: owner, title: 'First', created_at: 1 });
    expect(await store.find('one')).to.deep.equal({ id: 'one', title: 'First', created_at: 1, owner: 'ada' });
    expect(await store.delete('one')).to.equal(true);
    expect(await store.delete('one')).to.equal(false);
    expect(await store.find('one')).to.equal(undefined);
  });
});
