import type { Clock } from '../../src/clock.js';

/** A clock that stands still until a test moves it. */
export class TestClock implements Clock {
  #now = Date.parse('2026-11-24T09:00:00Z');

  now(): number {
    return this.#now;
  }

  /** Moves the time on. */
  advance(seconds: number): void {
    this.#now += seconds * 1000;
  }
}
