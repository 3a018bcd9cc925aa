import { mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { ResultGroups } from '../../src/passwords/result-groups.js';

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

  async function finish(result: number, moreFollow: boolean): Promise<void> {
    void groups.wait(moreFollow).then(() => delivered.push(result));
    await nextTurn();
  }

  it('deliver a result at once where nothing else is queued', async () => {
    await finish(1, false);
    expect(delivered).to.deep.equal([1]);
  });

  it('deliver four results together while more is queued', async () => {
    for (const result of [1, 2, 3]) await finish(result, true);
    expect(delivered).to.be.empty;
    await finish(4, true);
    expect(delivered).to.have.members([1, 2, 3, 4]);
    await finish(5, true);
    expect(delivered).to.have.lengthOf(4);
  });

  it('deliver what they hold as soon as the queue is short', async () => {
    await finish(1, true);
    await finish(2, false);
    expect(delivered).to.have.members([1, 2]);
  });

  it('hold no result for longer than 40 ms, and give the next ones their own time', async () => {
    await finish(1, true);
    mock.timers.tick(39);
    await finish(2, true);
    expect(delivered).to.be.empty;
    mock.timers.tick(1);
    await nextTurn();
    expect(delivered).to.have.members([1, 2]);
    await finish(3, true);
    mock.timers.tick(39);
    await nextTurn();
    expect(delivered).to.have.lengthOf(2);
    mock.timers.tick(1);
    await nextTurn();
    expect(delivered).to.have.lengthOf(3);
  });
});
