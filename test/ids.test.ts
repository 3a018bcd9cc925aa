import { expect } from 'chai';
import { createId } from '../src/ids.js';
import { TestClock } from './support/clock.js';

describe('A new id', () => {
  it('is a UUIDv7 of the time of the clock', () => {
    const clock = new TestClock();
    const id = createId(clock);
    expect(id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(parseInt(id.replace('-', '').slice(0, 12), 16)).to.equal(clock.now());
  });

  it('is unique', () => {
    const clock = new TestClock();
    expect(new Set(Array.from({ length: 1000 }, () => createId(clock)))).to.have.property('size', 1000);
  });

  it('sorts after those of earlier milliseconds', () => {
    const clock = new TestClock();
    const ids = Array.from({ length: 100 }, () => {
      clock.advance(0.001);
      return createId(clock);
    });
    expect(ids).to.deep.equal([...ids].sort());
  });
});
