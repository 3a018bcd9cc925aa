import { expect } from 'chai';
import { Problem } from '../../src/problems/problem.js';
import { PendingAttempts } from '../../src/authentication/pending-attempts.js';

describe('PendingAttempts', () => {
  let attempts: PendingAttempts;
  let woken: string[];
  beforeEach(() => {
    attempts = new PendingAttempts(6);
    woken = [];
  });

  /** Waits as `name`, and records when it ends. */
  const wait = (name: string, key = 'a'): Promise<void> =>
    attempts.waitForVerdict(key).then(() => {
      woken.push(name);
    });
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('wakes a waiting attempt after a delay if the verdict comes from another replica', async () => {
    await Promise.all([wait('one'), wait('two', 'b')]);
    expect(woken).to.have.members(['one', 'two']);
    expect(attempts.size).to.equal(0);
  });

  it('wakes one waiting attempt per verdict, in order', async () => {
    const slow = new PendingAttempts(6);
    slow.begin(['a']);
    slow.begin(['a']);
    slow.begin(['a']);
    const order: number[] = [];
    const waits = [1, 2].map((name) => slow.waitForVerdict('a').then(() => order.push(name)));
    slow.end(['a']);
    await waits[0];
    expect(order[0]).to.equal(1);
    slow.end(['a']);
    await Promise.all(waits);
    expect(order).to.deep.equal([1, 2]);
  });

  it('wakes all waiting attempts after the last verdict, and keeps no keys', async () => {
    attempts.begin(['a', 'b']);
    const waits = [wait('one'), wait('two'), wait('three', 'b')];
    attempts.end(['a', 'b']);
    await settled();
    expect(woken).to.have.members(['one', 'two', 'three']);
    await Promise.all(waits);
    expect(attempts.size).to.equal(0);
  });

  it('wakes no attempt when one is withdrawn, unless it was the last', async () => {
    expect(attempts.begin(['a'])).to.deep.equal([0]);
    expect(attempts.begin(['a', 'b'])).to.deep.equal([1, 0]);
    const waits = [wait('one'), wait('two')];
    attempts.withdraw(['a', 'b']);
    await settled();
    expect(woken).to.be.empty;
    attempts.withdraw(['a']);
    await Promise.all(waits);
    expect(attempts.size).to.equal(0);
  });

  it('limits the waiting attempts in total, and to half of that per key', async () => {
    const refusal = async (key: string): Promise<unknown> => {
      const error: unknown = await attempts.waitForVerdict(key).catch((thrown: unknown) => thrown);
      expect(error).to.be.an.instanceof(Problem);
      return (error as Problem).code;
    };
    attempts.begin(['a', 'b', 'c']);
    const waits = ['one', 'two', 'three'].map((name) => wait(name));
    expect(await refusal('a')).to.equal('busy');
    waits.push(...['four', 'five', 'six'].map((name) => wait(name, 'b')));
    expect(await refusal('c')).to.equal('busy');
    attempts.end(['a', 'b', 'c']);
    await Promise.all(waits);
    expect(woken).to.have.length(6);
    attempts.begin(['a']);
    const last = wait('seven');
    attempts.end(['a']);
    await last;
    expect(attempts.size).to.equal(0);
  });
});
