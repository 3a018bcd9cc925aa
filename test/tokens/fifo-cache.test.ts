import { expect } from 'chai';
import { FifoCache } from '../../src/tokens/fifo-cache.js';

describe('The last entries', () => {
  const held = (entries: FifoCache<number>): (number | undefined)[] =>
    ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((key) => entries.get(key));

  function filled(...keys: readonly string[]): FifoCache<number> {
    const entries = new FifoCache<number>(3);
    keys.forEach((key, index) => {
      entries.set(key, index + 1);
    });
    return entries;
  }

  it('are so many, however many came', () => {
    expect(held(filled('a', 'b', 'c'))).to.deep.equal([1, 2, 3, ...Array<undefined>(4)]);
    const [a, b, c, d, e, f, g] = held(filled('a', 'b', 'c', 'd', 'e', 'f', 'g'));
    expect([a, b, c, d]).to.deep.equal(Array<undefined>(4));
    expect([e, f, g]).to.deep.equal([5, 6, 7]);
  });

  it('go by the order in which they came, whichever were deleted', () => {
    const entries = filled('a', 'b', 'c');
    entries.delete('b');
    entries.set('d', 4);
    expect(held(entries).slice(0, 4)).to.deep.equal([undefined, undefined, 3, 4]);
    entries.set('e', 5);
    entries.set('f', 6);
    expect(held(entries)).to.deep.equal([undefined, undefined, undefined, 4, 5, 6, undefined]);
  });

  it('can all be forgotten, and come again', () => {
    const entries = filled('a', 'b', 'c', 'd');
    entries.clear();
    expect(held(entries)).to.deep.equal(Array<undefined>(7));
    for (const [index, key] of ['b', 'e', 'f', 'g'].entries()) entries.set(key, index);
    expect(held(entries).slice(4)).to.deep.equal([1, 2, 3]);
    expect(entries.get('b')).to.equal(undefined);
  });
});
