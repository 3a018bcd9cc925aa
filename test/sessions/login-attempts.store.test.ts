import { expect } from 'chai';
import { v7 } from 'uuid';
import { loginAttemptsStore } from '../../src/sessions/login-attempts.store.js';
import { recordTime } from '../support/records.js';
import { storeContract } from '../support/store-contract.js';

const second = 1000;
const limits = { free: 3, firstWait: second, longestWait: 60 * second, memory: 3600 * second };

storeContract('The login attempts store', (on) => {
  const reserve = (key: string, now = recordTime, others: Partial<typeof limits> = {}) =>
    loginAttemptsStore.reserve(on.queries, { key, now, ...limits, ...others });
  const wait = async (key: string, now: number): Promise<number> =>
    (await loginAttemptsStore.blockedUntil(on.queries, key)) - now;

  /** Fails so often that each further failure brings a wait. */
  const useUpFree = async (key: string): Promise<void> => {
    for (let count = 0; count < limits.free; count++) expect(await reserve(key)).to.be.true;
  };

  it('lets the free attempts through without a wait', async () => {
    const key = v7();
    await useUpFree(key);
    expect(await loginAttemptsStore.blockedUntil(on.queries, key)).to.equal(0);
  });

  it('knows no wait of a key that nobody tried', async () => {
    expect(await loginAttemptsStore.blockedUntil(on.queries, v7())).to.equal(0);
  });

  it('then begins a wait with each attempt, twice as long as the one before, up to the longest', async () => {
    const key = v7();
    await useUpFree(key);
    let now = recordTime;
    for (const expected of [1, 2, 4, 8, 16, 32, 60, 60]) {
      expect(await reserve(key, now), `an attempt after the wait of before ${expected} s`).to.be.true;
      expect(await wait(key, now)).to.equal(expected * second);
      now += expected * second;
    }
  });

  it('stays at the longest wait, however many attempts there are', async () => {
    const key = v7();
    const long = { free: 0, memory: Number.MAX_SAFE_INTEGER / 2, longestWait: 2 ** 40 };
    let now = recordTime;
    for (let count = 0; count < 70; count++) {
      expect(await reserve(key, now, long)).to.be.true;
      now += 2 ** 40;
    }
    expect(await reserve(key, now, long)).to.be.true;
    expect(await wait(key, now)).to.equal(second * 2 ** 25);
  });

  it('never lets the first wait be longer than the longest', async () => {
    const key = v7();
    await reserve(key, recordTime, { free: 0, firstWait: 90 * second });
    expect(await wait(key, recordTime)).to.equal(limits.longestWait);
  });

  it('refuses an attempt during a wait, and does not count it', async () => {
    const key = v7();
    await useUpFree(key);
    await reserve(key);
    expect(await reserve(key, recordTime + second - 1)).to.be.false;
    expect(await wait(key, recordTime)).to.equal(second);
    expect(await reserve(key, recordTime + second)).to.be.true;
    expect(await wait(key, recordTime + second)).to.equal(2 * second);
  });

  it('counts each of many at once: the free ones and the one that begins the wait get through', async () => {
    const key = v7();
    const reserved = await Promise.all(Array.from({ length: 20 }, () => reserve(key)));
    expect(reserved.filter((won) => won)).to.have.length(limits.free + 1);
  });

  it('lets one of many at once through after a wait', async () => {
    const key = v7();
    await useUpFree(key);
    await reserve(key);
    const reserved = await Promise.all(Array.from({ length: 20 }, () => reserve(key, recordTime + second)));
    expect(reserved.filter((won) => won)).to.have.length(1);
  });

  it('counts each key apart', async () => {
    const key = v7();
    await useUpFree(key);
    await reserve(key);
    expect(await reserve(v7())).to.be.true;
  });

  it('begins anew when the last failure is forgotten, and no sooner', async () => {
    const key = v7();
    await useUpFree(key);
    const remembered = recordTime + limits.memory - 1;
    expect(await reserve(key, remembered)).to.be.true;
    expect(await wait(key, remembered)).to.equal(second);
    const forgotten = remembered + limits.memory;
    expect(await reserve(key, forgotten)).to.be.true;
    expect(await loginAttemptsStore.blockedUntil(on.queries, key)).to.equal(0);
  });

  it('takes one attempt back, and the wait with it', async () => {
    const key = v7();
    await useUpFree(key);
    await reserve(key);
    await loginAttemptsStore.undo(on.queries, key);
    expect(await loginAttemptsStore.blockedUntil(on.queries, key)).to.equal(0);
    expect(await reserve(key)).to.be.true;
    expect(await wait(key, recordTime)).to.equal(second);
  });

  it('takes back no more attempts than there were', async () => {
    const key = v7();
    await reserve(key);
    for (let count = 0; count < 3; count++) await loginAttemptsStore.undo(on.queries, key);
    await useUpFree(key);
    expect(await reserve(key)).to.be.true;
    expect(await wait(key, recordTime)).to.equal(second);
  });

  it('forgets a key and its wait', async () => {
    const key = v7();
    await useUpFree(key);
    await reserve(key);
    await loginAttemptsStore.forget(on.queries, key);
    await useUpFree(key);
    expect(await loginAttemptsStore.blockedUntil(on.queries, key)).to.equal(0);
  });

  it('deletes what has expired, and keeps what lives', async () => {
    await on.queries.deleteFrom('login_attempts').execute();
    await reserve('old', recordTime - 1);
    await reserve('young', recordTime);
    const now = recordTime + limits.memory - 1;
    expect(await loginAttemptsStore.deleteExpired(on.queries, now, 10)).to.equal(1);
    const left = await on.queries.selectFrom('login_attempts').select('key').execute();
    expect(left).to.deep.equal([{ key: 'young' }]);
  });
});
