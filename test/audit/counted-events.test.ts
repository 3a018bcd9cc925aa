import { expect } from 'chai';
import { CountedEvents } from '../../src/audit/counted-events.js';
import type { Database } from '../../src/database/database.js';
import { TestClock } from '../support/clock.js';
import { addUser } from '../support/records.js';
import { describeStore } from '../support/store-contract.js';

const from = (address: string) => ({ requestId: 'request', address, userAgent: 'tests' });

describeStore('Counted events of the audit', (on) => {
  let clock: TestClock;
  let counts: CountedEvents;
  beforeEach(async () => {
    await on.queries.deleteFrom('audit').execute();
    clock = new TestClock();
    counts = new CountedEvents(on.database, clock);
  });
  const rows = () => on.queries.selectFrom('audit').selectAll().orderBy('id').execute();
  const fail = (id: string | undefined, address: string, reason = 'wrong_password'): void => {
    counts.add({
      event: 'login_failed',
      target: id === undefined ? undefined : { kind: 'user', id },
      context: from(address),
      reason,
    });
  };

  it('are one row for an account and an address, with how often, from when to when, and why', async () => {
    const { id } = await addUser(on.queries, { username: 'Ada' });
    const firstAt = clock.now();
    for (let at = 0; at < 5; at += 1) {
      fail(id, '192.0.2.1');
      clock.advance(1);
    }
    fail(id, '192.0.2.1', 'other');
    fail(id, '192.0.2.2');
    await counts.flush();
    const all = await rows();
    expect(all).to.have.length(2);
    expect(all.find(({ address }) => address === '192.0.2.1')).to.include({
      event: 'login_failed',
      actor_kind: null,
      target_kind: 'user',
      target: id,
      target_name: 'Ada',
      at: firstAt,
      last_at: clock.now(),
      count: 6,
      user_agent: 'tests',
      details: '{"reasons":{"wrong_password":5,"other":1}}',
    });
    await counts.flush();
    expect(await rows()).to.have.length(2);
  });

  it('are counted by network for IPv6, in which a device changes its address', async () => {
    for (const last of ['1', '2', 'ffff:1']) fail(undefined, `2001:db8:1:2::${last}`);
    fail(undefined, '2001:db8:1:3::1');
    await counts.flush();
    const found = (await rows()).map(({ address, count, details }) => [
      address,
      count,
      (JSON.parse(details ?? '{}') as { network?: string }).network,
    ]);
    expect(found).to.have.deep.members([
      ['2001:db8:1:2::1', 3, '2001:db8:1:2::/64'],
      ['2001:db8:1:3::1', 1, '2001:db8:1:3::/64'],
    ]);
  });

  it('cannot fill the disk: what is more than a hundred rows is one row, which names nobody', async () => {
    for (let at = 0; at < 5000; at += 1) fail(undefined, `10.0.${at % 250}.${Math.floor(at / 250)}`);
    await counts.flush();
    const all = await rows();
    expect(all).to.have.length(101);
    const [rest, ...others] = all.filter(({ details }) => details?.includes('overflow'));
    expect(others).to.deep.equal([]);
    expect(rest).to.include({ count: 4900, address: null, target: null, user_agent: null, request_id: null });
    expect(all.reduce((sum, { count }) => sum + count, 0)).to.equal(5000);
  });

  it('cannot fill the disk within a day, either, and begin again on the next', async () => {
    const attack = async (minutes: number): Promise<void> => {
      for (let minute = 0; minute < minutes; minute += 1) {
        for (let at = 0; at < 100; at += 1) fail(undefined, `10.0.0.${at}`);
        await counts.flush();
        clock.advance(60);
      }
    };
    await attack(130);
    const before = (await rows()).length;
    expect(before).to.equal(10_030);
    clock.advance(86_400);
    await attack(1);
    expect((await rows()).length - before).to.equal(100);
  });

  it('are kept where they cannot be written, and counted on', async () => {
    let isDown = true;
    const database: Database = {
      ...on.database,
      transaction: (work) => (isDown ? Promise.reject(new Error('down')) : on.database.transaction(work)),
    };
    counts = new CountedEvents(database, clock);
    fail(undefined, '192.0.2.1');
    for (let times = 0; times < 3; times += 1) {
      expect(await counts.flush().catch((error: unknown) => error)).to.be.an('error');
      fail(undefined, '192.0.2.1');
    }
    isDown = false;
    await counts.flush();
    expect((await rows()).map(({ count }) => count)).to.deep.equal([4]);
  });
});
