import { expect } from 'chai';
import { epochSeconds, systemClock } from '../src/clock.js';

describe('The clock', () => {
  it("is the system's", () => {
    const before = Date.now();
    expect(systemClock.now()).to.be.within(before, Date.now());
  });

  it('counts whole seconds, of which the last has not ended', () => {
    expect(epochSeconds({ now: () => 1_999 })).to.equal(1);
    expect(epochSeconds({ now: () => 2_000 })).to.equal(2);
  });
});
