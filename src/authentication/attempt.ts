import type { Statement } from '../database/batch.js';
import type { Queries } from '../database/database.js';
import type { AttemptReservations } from './attempt-reservations.js';

/** An attempt to log in that is being made, until its verdict. */
export class Attempt {
  #verdict: 'failed' | 'succeeded' | 'abandoned' = 'failed';

  /**
   * @param keys what it is counted under; the first is the account's, or the pair's of account and address.
   * @param begunAt milliseconds since the Unix epoch.
   */
  constructor(
    private readonly reservations: AttemptReservations,
    readonly keys: readonly string[],
    readonly begunAt: number,
  ) {}

  get verdict(): 'failed' | 'succeeded' | 'abandoned' {
    return this.#verdict;
  }

  /**
   * What forgets the failures before it: statements, in order, for the transaction of what changes because it was right. An
   * address is not cleared: its owner could guess at others and log in as himself in between.
   */
  forgive(queries: Queries): readonly Statement[] {
    return this.reservations.forgive(queries, this.keys, this.keys[0] ?? '');
  }

  /** What `forgive` gave has been executed. */
  succeed(): void {
    this.#verdict = 'succeeded';
  }

  /** It is as if it had not been made. */
  abandon(): void {
    this.#verdict = 'abandoned';
  }
}
