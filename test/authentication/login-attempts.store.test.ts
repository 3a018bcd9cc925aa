import { expect } from 'chai';
import fc from 'fast-check';
import { v7 } from 'uuid';
import { executeSequentially } from '../../src/database/batch.js';
import { loginAttemptsStore } from '../../src/authentication/login-attempts.store.js';
import { recordTime } from '../support/records.js';
import { describeStore } from '../support/store-contract.js';

const second = 1000;
const lapse = 60 * second;
const limits = { firstWait: second, maxWait: 60 * second, memory: 3600 * second };
const free = 3;

describeStore('The login attempts store', (on) => {
  /** @returns whether an attempt was reserved under the key. */
  const reserve = async (key: string, now = recordTime, most = free): Promise<boolean> =>
    (await loginAttemptsStore.reserve(on.queries, [{ key, free: most }], now, lapse)).includes(key);
  const fail = (key: string, now = recordTime, others: Partial<typeof limits> = {}, most = free) =>
    loginAttemptsStore.recordFailure(on.queries, [{ key, free: most }], { now, ...limits, ...others });
  const release = (keys: readonly string[], forgiven?: string, now = recordTime) =>
    executeSequentially(
      on.queries,
      loginAttemptsStore.release(on.queries, keys, now, forgiven).map((query) => ({ query })),
    );
  /** An attempt and its verdict. */
  const failOnce = async (key: string, now = recordTime): Promise<void> => {
    expect(await reserve(key, now)).to.be.true;
    await fail(key, now);
  };
  const wait = async (key: string, now: number): Promise<number> =>
    (await loginAttemptsStore.findBlockedUntil(on.queries, [key])) - now;
  const rowOf = (key: string) =>
    on.queries.selectFrom('login_attempts').selectAll().where('key', '=', key).executeTakeFirst();

  /** Fails until each further failure causes a wait. */
  const useUpFree = async (key: string): Promise<void> => {
    for (let count = 0; count < free; count++) await failOnce(key);
  };

  it('lets the free attempts fail without a wait', async () => {
    const key = v7();
    await useUpFree(key);
    expect(await loginAttemptsStore.findBlockedUntil(on.queries, [key])).to.equal(0);
  });

  it('has no wait for a key without attempts', async () => {
    expect(await loginAttemptsStore.findBlockedUntil(on.queries, [v7()])).to.equal(0);
  });

  it('returns how often attempts with each key have failed, until they are forgotten', async () => {
    const [failed, waiting] = [v7(), v7()];
    await failOnce(failed);
    for (let count = 0; count <= free; count++) await failOnce(waiting);
    const keys = [failed, waiting, v7()];
    expect(await loginAttemptsStore.findFailures(on.queries, keys, recordTime)).to.have.deep.members([
      { key: failed, failures: 1, blocked_until: 0 },
      { key: waiting, failures: free + 1, blocked_until: recordTime + second },
    ]);
    const later = await loginAttemptsStore.findFailures(on.queries, [failed], recordTime + limits.memory);
    expect(later).to.deep.equal([{ key: failed, failures: 0, blocked_until: 0 }]);
  });

  it('forgets the failures of a key, and no others', async () => {
    const [forgotten, other] = [v7(), v7()];
    await failOnce(forgotten);
    await failOnce(other);
    await on.queries.executeQuery(loginAttemptsStore.deleteFailures(on.queries, forgotten).compile());
    expect(await rowOf(forgotten)).to.equal(undefined);
    expect(await rowOf(other)).to.include({ failures: 1 });
  });

  it('then starts a wait with each failure, twice as long as the one before, up to the maximum', async () => {
    const key = v7();
    await useUpFree(key);
    let now = recordTime;
    for (const expected of [1, 2, 4, 8, 16, 32, 60, 60]) {
      await failOnce(key, now);
      expect(await wait(key, now)).to.equal(expected * second);
      now += expected * second;
    }
  });

  it('stays at the maximum wait, however many failures there are', async () => {
    const key = v7();
    const long = { memory: Number.MAX_SAFE_INTEGER / 2, maxWait: 2 ** 40 };
    let now = recordTime;
    for (let count = 0; count < 70; count++) {
      await fail(key, now, long, 0);
      now += 2 ** 40;
    }
    await fail(key, now, long, 0);
    expect(await wait(key, now)).to.equal(second * 2 ** 25);
  });

  it('never lets the first wait exceed the maximum', async () => {
    const key = v7();
    await fail(key, recordTime, { firstWait: 90 * second }, 0);
    expect(await wait(key, recordTime)).to.equal(limits.maxWait);
  });

  it('refuses an attempt during a wait, and writes nothing for it', async () => {
    const key = v7();
    await useUpFree(key);
    await failOnce(key);
    const before = await rowOf(key);
    expect(await reserve(key, recordTime + second - 1)).to.be.false;
    expect(await rowOf(key)).to.deep.equal(before);
    await failOnce(key, recordTime + second);
    expect(await wait(key, recordTime + second)).to.equal(2 * second);
  });

  it('allows as many parallel attempts as may fail sequentially', async () => {
    const key = v7();
    const reserved = await Promise.all(Array.from({ length: 20 }, () => reserve(key)));
    expect(reserved.filter((won) => won)).to.have.length(free + 1);
    for (let count = 0; count <= free; count++) await fail(key);
    expect(await wait(key, recordTime)).to.equal(second);
  });

  it('finds the keys without capacity for another attempt, without a write', async () => {
    const [waits, taken, open, untried] = [v7(), v7(), v7(), v7()];
    await useUpFree(waits);
    await failOnce(waits);
    await useUpFree(taken);
    expect(await reserve(taken)).to.be.true;
    expect(await reserve(open)).to.be.true;
    const counters = [waits, taken, open, untried].map((key) => ({ key, free }));
    const full = (now: number) => loginAttemptsStore.findFull(on.queries, counters, now);
    expect(await full(recordTime)).to.have.members([waits, taken]);
    expect(await full(recordTime + second)).to.have.members([taken]);
    expect(await full(recordTime + lapse)).to.be.empty;
    expect(await rowOf(untried)).to.be.undefined;
  });

  it('allows one of many parallel attempts after a wait', async () => {
    const key = v7();
    await useUpFree(key);
    await failOnce(key);
    const reserved = await Promise.all(Array.from({ length: 20 }, () => reserve(key, recordTime + second)));
    expect(reserved.filter((won) => won)).to.have.length(1);
  });

  it('allows the next attempt when one turns out to be correct', async () => {
    const key = v7();
    await useUpFree(key);
    expect(await reserve(key)).to.be.true;
    expect(await reserve(key)).to.be.false;
    await release([key]);
    expect(await reserve(key)).to.be.true;
    await fail(key);
    expect(await wait(key, recordTime)).to.equal(second);
  });

  it('expires reservations without a verdict, and not before their time', async () => {
    const key = v7();
    await useUpFree(key);
    expect(await reserve(key)).to.be.true;
    expect(await reserve(key, recordTime + lapse - 1)).to.be.false;
    expect(await reserve(key, recordTime + lapse)).to.be.true;
    await fail(key, recordTime + lapse);
    expect(await reserve(key, recordTime + lapse)).to.be.false;
  });

  it('keeps reservations that are renewed', async () => {
    const key = v7();
    await useUpFree(key);
    expect(await reserve(key)).to.be.true;
    await loginAttemptsStore.renew(on.queries, [key, v7()], recordTime + 2 * lapse);
    expect(await reserve(key, recordTime + lapse)).to.be.false;
    expect(await reserve(key, recordTime + 2 * lapse)).to.be.true;
  });

  it('never allows more wrong attempts than may fail, in whatever order verdicts come', async () => {
    const steps = fc.array(fc.constantFrom('reserve', 'wrong', 'right'), {
      minLength: 5,
      maxLength: 25,
    });
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 0, max: 4 }), async (order, most) => {
        const key = v7();
        let [pending, failures] = [0, 0];
        for (const step of order) {
          if (step === 'reserve') {
            const isReserved = await reserve(key, recordTime, most);
            const isAllowed = failures <= most && (pending === 0 || failures + pending <= most);
            expect(isReserved).to.equal(isAllowed);
            if (isReserved) pending += 1;
          } else if (pending > 0) {
            pending -= 1;
            if (step === 'right') await release([key]);
            else {
              failures += 1;
              await fail(key, recordTime, {}, most);
            }
          }
          expect(failures + pending).to.be.at.most(most + 1);
          expect((await wait(key, recordTime)) > 0).to.equal(failures > most);
          const row = await rowOf(key);
          expect(row?.failures ?? 0).to.equal(failures);
          expect(row?.pending ?? 0).to.equal(pending);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('counts each key separately, and each with its own number of free attempts', async () => {
    const [one, other] = [v7(), v7()];
    await useUpFree(one);
    await failOnce(one);
    expect(await reserve(other)).to.be.true;
    await release([other]);
    const counters = [
      { key: one, free },
      { key: other, free: 0 },
    ];
    expect(
      await loginAttemptsStore.reserve(on.queries, counters, recordTime + second, lapse),
    ).to.have.members([one, other]);
    await loginAttemptsStore.recordFailure(on.queries, counters, { now: recordTime + second, ...limits });
    expect(await wait(one, recordTime + second)).to.equal(2 * second);
    expect(await wait(other, recordTime + second)).to.equal(second);
    expect(await loginAttemptsStore.findBlockedUntil(on.queries, [one, other])).to.equal(
      recordTime + 3 * second,
    );
  });

  it('does not deadlock attempts that count under the same keys in another order', async () => {
    const keys = Array.from({ length: 4 }, () => v7());
    const counters = keys.map((key) => ({ key, free: 1000 }));
    await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        const mine = index % 2 === 0 ? counters : [...counters].reverse();
        await loginAttemptsStore.reserve(on.queries, mine, recordTime, lapse);
        const verdict = index % 3;
        if (verdict === 0)
          await loginAttemptsStore.recordFailure(on.queries, mine, { now: recordTime, ...limits });
        else
          await on.database.batch(
            loginAttemptsStore
              .release(
                on.queries,
                mine.map(({ key }) => key),
                recordTime,
              )
              .map((query) => ({ query })),
          );
      }),
    );
    for (const key of keys) expect(await rowOf(key)).to.include({ failures: 10, pending: 0 });
  });

  it('starts again when the last failure is forgotten, and not before', async () => {
    const key = v7();
    await useUpFree(key);
    const remembered = recordTime + limits.memory - 1;
    await failOnce(key, remembered);
    expect(await wait(key, remembered)).to.equal(second);
    const forgotten = remembered + limits.memory;
    await failOnce(key, forgotten);
    expect(await loginAttemptsStore.findBlockedUntil(on.queries, [key])).to.equal(0);
  });

  it('forgets a key and its wait, but not its pending attempts', async () => {
    const key = v7();
    await useUpFree(key);
    await failOnce(key);
    const after = recordTime + second;
    expect(await reserve(key, after)).to.be.true;
    await release([key], key, after);
    expect(await rowOf(key)).to.be.undefined;
    expect(await reserve(key)).to.be.true;
    expect(await reserve(key)).to.be.true;
    await release([key], key);
    expect(await rowOf(key)).to.include({ failures: 0, pending: 1 });
  });

  it('keeps no row without failures and attempts', async () => {
    const [own, address] = [v7(), v7()];
    const counters = [own, address].map((key) => ({ key, free }));
    await failOnce(address);
    await loginAttemptsStore.reserve(on.queries, counters, recordTime, lapse);
    await release([own, address], own);
    expect(await rowOf(own)).to.be.undefined;
    expect(await rowOf(address)).to.include({ failures: 1, pending: 0 });
    await release([v7()]);
  });

  it('deletes what has expired, and keeps the rest', async () => {
    await on.queries.deleteFrom('login_attempts').execute();
    await failOnce('old', recordTime - 1);
    await failOnce('young', recordTime);
    const now = recordTime + limits.memory - 1;
    expect(await loginAttemptsStore.deleteExpired(on.queries, now, 10)).to.equal(1);
    const left = await on.queries.selectFrom('login_attempts').select('key').execute();
    expect(left).to.deep.equal([{ key: 'young' }]);
  });
});
