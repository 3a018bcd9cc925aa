import { expect } from 'chai';
import { createOperatorActor, serviceActor, type Actor } from '../../src/audit/actor.js';
import { auditStore } from '../../src/audit/audit.store.js';
import { TestClock } from '../support/clock.js';
import { addClient, addUser } from '../support/records.js';
import { describeStore } from '../support/store-contract.js';

describeStore('The audit store', (on) => {
  const clock = new TestClock();
  const rows = () => on.queries.selectFrom('audit').selectAll().orderBy('id').execute();
  const context = { requestId: 'request 1', address: '192.0.2.1', userAgent: 'tests\t1' };

  beforeEach(() => on.queries.deleteFrom('audit').execute());

  it('records event, actor, target, session, time, address, agent and details', async () => {
    const actor: Actor = { kind: 'user', id: 'ada', name: 'Ada', sessionId: 'session 1', context };
    await auditStore.add(on.queries, clock, {
      event: 'user_renamed',
      actor,
      target: { kind: 'user', id: 'grace', name: 'Grace' },
      details: { username: { from: 'Grace', to: 'Grace \u0000' } },
    });
    const [{ id, ...row } = { id: '' }, ...others] = await rows();
    expect(others).to.deep.equal([]);
    expect(row).to.deep.equal({
      at: clock.now(),
      event: 'user_renamed',
      actor_kind: 'user',
      actor_id: 'ada',
      actor_name: 'Ada',
      target_kind: 'user',
      target: 'grace',
      target_name: 'Grace',
      session_id: 'session 1',
      address: '192.0.2.1',
      user_agent: 'tests 1',
      request_id: 'request 1',
      details: '{"username":{"from":"Grace","to":"Grace \\u0000"}}',
      count: 1,
      last_at: null,
      sequence: null,
      hash: null,
    });
    expect(id).to.match(/^[0-9a-f-]{36}$/);
  });

  it('stores the names that users and clients have at the time', async () => {
    const user = await addUser(on.queries, { username: 'Ada' });
    const client = await addClient(on.queries, { name: 'Reports' });
    await auditStore.add(on.queries, clock, {
      event: 'token_revoked',
      actor: { kind: 'client', id: client.id, context },
      target: { kind: 'user', id: user.id },
      sessionId: 'session 2',
    });
    await on.queries.updateTable('users').set({ username: 'Bea' }).where('id', '=', user.id).execute();
    await auditStore.add(on.queries, clock, {
      event: 'client_disabled',
      actor: { kind: 'user', id: user.id, context },
      target: { kind: 'client', id: client.id },
    });
    const found = (await rows()).map((row) => [row.event, row.actor_name, row.target_name, row.session_id]);
    expect(found).to.have.deep.members([
      ['token_revoked', 'Reports', 'Ada', 'session 2'],
      ['client_disabled', 'Bea', 'Reports', null],
    ]);
  });

  it('stores null for what an entry does not have', async () => {
    await auditStore.add(on.queries, clock, { event: 'all_sessions_ended', actor: serviceActor });
    await auditStore.add(on.queries, clock, { event: 'login_failed' });
    const [first, second] = await rows();
    const none = {
      actor_id: null,
      actor_name: null,
      target_kind: null,
      target: null,
      target_name: null,
      session_id: null,
      address: null,
      user_agent: null,
      request_id: null,
      details: null,
    };
    expect(first).to.include(none);
    expect(second).to.include(none);
    expect([first?.actor_kind, second?.actor_kind]).to.have.members(['service', null]);
  });

  it('names the system user of a command, also behind sudo', async () => {
    const system = createOperatorActor({}).name ?? '';
    expect(system).not.to.equal('');
    const actor = createOperatorActor({ SUDO_USER: 'ada' });
    await auditStore.add(on.queries, clock, { event: 'all_sessions_ended', actor });
    expect((await rows())[0]).to.include({ actor_kind: 'operator', actor_name: `ada as ${system}` });
    // Anything may be in a variable.
    const odd = createOperatorActor({ SUDO_USER: `\u001b[2J\u202e\u200b${'x'.repeat(70_000)}` }).name;
    expect(odd)
      .to.match(/^ \[2J {2}x+$/)
      .and.to.have.length(255);
  });

  it('adds many at once, and counted ones with their times', async () => {
    const entries = Array.from({ length: 1200 }, (_, at) => ({
      event: 'user_imported' as const,
      actor: serviceActor,
      target: { kind: 'user' as const, id: `user ${at}`, name: `name ${at}` },
    }));
    await auditStore.addMany(on.queries, clock, entries);
    await auditStore.addCounted(on.queries, {
      ...{ event: 'login_failed', count: 7, firstAt: 1000, lastAt: 2000, context },
    });
    const all = await rows();
    expect(all).to.have.length(1201);
    expect(all[0]).to.include({
      event: 'login_failed',
      at: 1000,
      last_at: 2000,
      count: 7,
      address: '192.0.2.1',
    });
  });

  it('is rolled back with its transaction', async () => {
    const undone = on.database.transaction(async (transaction) => {
      await auditStore.add(transaction, clock, { event: 'user_created', actor: serviceActor });
      throw new Error('undo');
    });
    await undone.catch(() => undefined);
    expect(await rows()).to.deep.equal([]);
  });

  it('lists entries in the order of their times', async () => {
    for (const event of ['role_created', 'role_updated', 'role_deleted'] as const) {
      await auditStore.add(on.queries, clock, { event, actor: serviceActor });
      clock.advance(0.001);
    }
    expect((await rows()).map(({ event }) => event)).to.deep.equal([
      'role_created',
      'role_updated',
      'role_deleted',
    ]);
  });
});
