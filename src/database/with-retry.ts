import { setTimeout as wait } from 'node:timers/promises';
import { DatabaseUnavailable } from './database-unavailable.js';

/** After so many conflicts, the database is reported as unavailable. */
const maxAttempts = 5;
/** Maximum of the first random delay, in milliseconds; it doubles each time, so that two transactions do not collide again. */
const firstDelay = 10;

/**
 * Runs work again when the database rolled it back because of a conflict.
 * @param isContended whether an error is such a conflict.
 * @throws {DatabaseUnavailable} if every attempt conflicts.
 */
export async function withRetry<T>(
  work: () => Promise<T>,
  isContended: (error: unknown) => boolean,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isContended(error)) throw error;
      if (attempt === maxAttempts) {
        throw new DatabaseUnavailable('the database rolled back every attempt because of conflicts', {
          cause: error,
        });
      }
      await wait(Math.random() * firstDelay * 2 ** (attempt - 1));
    }
  }
}
