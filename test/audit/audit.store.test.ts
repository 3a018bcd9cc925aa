import { expect } from 'chai';
import { auditStore, operatorContext } from '../../src/audit/audit.store.js';
import { TestClock } from '../support/clock.js';
import { storeContract } from '../support/store-contract.js';

storeContract('The audit store', (on) => {
  const clock = new TestClock();
  const rows = () => on.queries.selectFrom('audit').selectAll().orderBy('id').execute();

  beforeEach(() => on.queries.deleteFrom('audit').execute());

  it('records the event, its actor, target, time and address', async () => {
    const context = { requestId: 'request 1', address: '192.0.2.1', userAgent: 'tests' };
    await auditStore.add(on.queries, clock, {
      event: 'logout',
      actorId: 'ada',
      target: 'grace',
      sessionId: 'session 1',
      context,
    });
    const [row, ...others] = await rows();
    expect(others).to.deep.equal([]);
    expect(row).to.deep.include({
      at: clock.now(),
      event: 'logout',
      actor_id: 'ada',
      target: 'grace',
      session_id: 'session 1',
      address: '192.0.2.1',
      request_id: 'request 1',
    });
  });

  it('stores null for what an entry does not have', async () => {
    await auditStore.add(on.queries, clock, { event: 'user_created', context: operatorContext });
    expect((await rows())[0]).to.include({
      actor_id: null,
      target: null,
      session_id: null,
      address: null,
      request_id: null,
    });
  });

  it('is rolled back with its transaction', async () => {
    const undone = on.database.transaction(async (transaction) => {
      await auditStore.add(transaction, clock, { event: 'user_created', context: operatorContext });
      throw new Error('undo');
    });
    await undone.catch(() => undefined);
    expect(await rows()).to.deep.equal([]);
  });

  it('lists entries in the order of their times', async () => {
    for (const event of ['role_created', 'role_updated', 'role_deleted'] as const) {
      await auditStore.add(on.queries, clock, { event, context: operatorContext });
      clock.advance(0.001);
    }
    expect((await rows()).map(({ event }) => event)).to.deep.equal([
      'role_created',
      'role_updated',
      'role_deleted',
    ]);
  });
});
