import type { Statement } from '../database/batch.js';
import type { Queries } from '../database/database.js';
import type { AttemptReservations } from './attempt-reservations.js';

/** A login attempt in progress, until its verdict. */
export class Attempt {
  #verdict: 'failed' | 'succeeded' | 'abandoned' = 'failed';

  /**
   * @param keys under which it is counted; the first is the key of the account, or of account and address.
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
   * @returns statements that delete earlier failures, in order, for the transaction of a successful login. Failures of an
   *   address stay: an attacker could otherwise reset them with logins to an account of their own.
   */
  forgive(queries: Queries): readonly Statement[] {
    return this.reservations.forgive(queries, this.keys, this.keys[0] ?? '');
  }

  /** To be called after the statements of `forgive` were executed. */
  succeed(): void {
    this.#verdict = 'succeeded';
  }

  /** The attempt does not count. */
  abandon(): void {
    this.#verdict = 'abandoned';
  }
}
