import type { Clock } from '../../src/clock.js';

/** A clock that a test moves. */
export class TestClock implements Clock {
  #now = Date.parse('2026-11-24T09:00:00Z');

  /** @param standsStill false: only for PostgreSQL does time go on, from what this clock says when it is asked. */
  constructor(readonly standsStill = true) {}

  now(): number {
    return this.#now;
  }

  /** Moves the time on. */
  advance(seconds: number): void {
    this.#now += seconds * 1000;
  }
}
