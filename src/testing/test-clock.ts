import type { Clock } from '../clock.js';

/** A clock that a test moves. */
export class TestClock implements Clock {
  #now = Date.parse('2026-11-24T09:00:00Z');

  /** @param standsStill false: time advances on its own from what this clock says, which only PostgreSQL's clock needs. */
  constructor(readonly standsStill = true) {}

  now(): number {
    return this.#now;
  }

  /** Advances the time. */
  advance(seconds: number): void {
    this.#now += seconds * 1000;
  }

  /** What would have been made some time ago. `make` may not wait for anything: meanwhile it is then for everybody. */
  makeEarlier<T>(seconds: number, make: () => T): T {
    const now = this.#now;
    this.#now -= seconds * 1000;
    try {
      return make();
    } finally {
      this.#now = now;
    }
  }
}
