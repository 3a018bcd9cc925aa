import { expect } from 'chai';
import { formatDuration, getEpochSeconds, systemClock } from '../src/clock.js';

describe('The clock', () => {
  it("is the system's", () => {
    const before = Date.now();
    expect(systemClock.now()).to.be.within(before, Date.now());
  });

  it('counts whole seconds, rounded down', () => {
    expect(getEpochSeconds({ now: () => 1_999 })).to.equal(1);
    expect(getEpochSeconds({ now: () => 2_000 })).to.equal(2);
  });
});

describe('A length of time in words', () => {
  for (const [seconds, words] of [
    [1, '1 second'],
    [90, '90 seconds'],
    [60, '1 minute'],
    [5400, '90 minutes'],
    [3600, '1 hour'],
    [86_400, '24 hours'],
    [172_800, '48 hours'],
    [259_200, '3 days'],
  ] as const) {
    it(`of ${seconds} seconds is ${words}`, () => {
      expect(formatDuration(seconds)).to.equal(words);
    });
  }
});
