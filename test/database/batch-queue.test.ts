import { expect } from 'chai';
import { BatchQueue } from '../../src/database/batch-queue.js';

describe('BatchQueue', () => {
  let now: number;
  let handedOn: (readonly number[])[];
  let queue: BatchQueue<number>;

  beforeEach(() => {
    now = 1000;
    handedOn = [];
    queue = new BatchQueue(
      (items) => {
        handedOn.push(items);
      },
      () => now,
    );
  });

  const addInTurns = async (...turns: readonly (readonly number[])[]): Promise<void> => {
    for (const items of turns) {
      for (const item of items) queue.add(item, false);
      await turn();
    }
  };
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('runs together what is added in one turn of the event loop, after a turn without additions', async () => {
    queue.add(1, false);
    queue.add(2, false);
    await turn();
    expect(handedOn).to.deep.equal([]);
    await turn();
    expect(handedOn).to.deep.equal([[1, 2]]);
  });

  it('runs a single item at once', async () => {
    queue.add(1, false);
    await turn();
    expect(handedOn).to.deep.equal([[1]]);
  });

  it('collects for as long as each turn adds more', async () => {
    await addInTurns([1, 2], [3], [4, 5]);
    expect(handedOn).to.deep.equal([]);
    await turn();
    expect(handedOn).to.deep.equal([[1, 2, 3, 4, 5]]);
  });

  it('collects for three milliseconds at most', async () => {
    for (const item of [1, 3, 5, 7, 9]) {
      queue.add(item, false);
      queue.add(item + 1, false);
      await turn();
      now += 1;
    }
    await turn();
    expect(handedOn).to.deep.equal([
      [1, 2, 3, 4, 5, 6, 7, 8],
      [9, 10],
    ]);
  });

  it('runs an urgent item in the same turn, together with what was collected before', async () => {
    await addInTurns([1, 2]);
    queue.add(3, true);
    queue.add(4, false);
    await turn();
    expect(handedOn).to.deep.equal([[1, 2, 3, 4]]);
    await addInTurns([5, 6]);
    expect(handedOn).to.have.length(1);
    await turn();
    expect(handedOn[1]).to.deep.equal([5, 6]);
  });
});
