import { expect } from 'chai';
import { Problem } from '../../src/problems/problem.js';
import { PendingAttempts } from '../../src/sessions/pending-attempts.js';

describe('Attempts that are being made', () => {
  let attempts: PendingAttempts;
  let woken: string[];
  beforeEach(() => {
    attempts = new PendingAttempts(3);
    woken = [];
  });

  /** Waits as `name`, and notes when it is over. */
  const wait = (name: string, key = 'a'): void => {
    void attempts.next(key)?.then(() => woken.push(name));
  };
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('are not waited for where there are none', () => {
    expect(attempts.next('a')).to.be.undefined;
    attempts.begin(['b']);
    expect(attempts.next('a')).to.be.undefined;
    attempts.begin(['a']);
    attempts.end(['a']);
    expect(attempts.next('a')).to.be.undefined;
  });

  it('wake one of those who wait with each verdict, in their order', async () => {
    attempts.begin(['a']);
    attempts.begin(['a']);
    attempts.begin(['a']);
    wait('one');
    wait('two');
    attempts.end(['a']);
    await settled();
    expect(woken).to.deep.equal(['one']);
    attempts.end(['a']);
    await settled();
    expect(woken).to.deep.equal(['one', 'two']);
  });

  it('leave nobody waiting after the last verdict', async () => {
    attempts.begin(['a', 'b']);
    wait('one');
    wait('two');
    wait('three', 'b');
    attempts.end(['a', 'b']);
    await settled();
    expect(woken).to.have.members(['one', 'two', 'three']);
  });

  it('count their verdicts', () => {
    attempts.begin(['a', 'b']);
    attempts.begin(['a']);
    expect(attempts.verdicts).to.equal(0);
    attempts.end(['a', 'b']);
    expect(attempts.verdicts).to.equal(1);
  });

  it('are waited for by so many at most', async () => {
    attempts.begin(['a']);
    for (const name of ['one', 'two', 'three']) wait(name);
    expect(() => attempts.next('a'))
      .to.throw(Problem)
      .with.property('code', 'busy');
    attempts.end(['a']);
    await settled();
    attempts.begin(['a']);
    wait('four');
    attempts.end(['a']);
    await settled();
    expect(woken).to.deep.equal(['one', 'two', 'three', 'four']);
  });
});
