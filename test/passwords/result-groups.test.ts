import { mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { ResultGroups } from '../../src/passwords/result-groups.js';

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await nextTurn();
}

describe('Groups of results', () => {
  let groups: ResultGroups;
  let delivered: number[];

  beforeEach(() => {
    groups = new ResultGroups();
    delivered = [];
    mock.timers.enable({ apis: ['setTimeout'] });
  });

  afterEach(() => {
    mock.timers.reset();
  });

  async function finish(result: number, isMoreQueued: boolean): Promise<void> {
    void groups.wait(isMoreQueued).then(() => delivered.push(result));
    await turns(1);
  }

  it('deliver a result at once where nothing else is queued', async () => {
    await finish(1, false);
    expect(delivered).to.deep.equal([1]);
  });

  it('deliver four results together while more is queued, one in each turn of the event loop', async () => {
    for (const result of [1, 2, 3]) await finish(result, true);
    await turns(10);
    expect(delivered).to.be.empty;
    const last = groups.wait(true).then(() => delivered.push(4));
    await last;
    expect(delivered).to.deep.equal([4]);
    await turns(10);
    expect(delivered).to.deep.equal([4, 1, 2, 3]);
    await finish(5, true);
    await turns(10);
    expect(delivered).to.have.lengthOf(4);
  });

  it('deliver a second group that is complete before the first is delivered', async () => {
    const all = [1, 2, 3, 4, 5, 6, 7, 8].map((result) =>
      groups.wait(true).then(() => delivered.push(result)),
    );
    await Promise.all(all);
    expect(delivered).to.have.members([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('deliver what they hold as soon as the queue is short', async () => {
    await finish(1, true);
    await finish(2, false);
    await turns(1);
    expect(delivered).to.have.members([1, 2]);
  });

  it('hold no result for longer than 40 ms, and give the next ones their own time', async () => {
    await finish(1, true);
    mock.timers.tick(39);
    await finish(2, true);
    expect(delivered).to.be.empty;
    mock.timers.tick(1);
    await turns(2);
    expect(delivered).to.have.members([1, 2]);
    await finish(3, true);
    mock.timers.tick(39);
    await turns(2);
    expect(delivered).to.have.lengthOf(2);
    mock.timers.tick(1);
    await turns(2);
    expect(delivered).to.have.lengthOf(3);
  });
});
