import { setTimeout as wait } from 'node:timers/promises';
import { DatabaseUnavailable } from './database-unavailable.js';

/** What lost against others so often is answered as a database that is busy. */
const maxAttempts = 5;
/** Twice as long each time, in milliseconds, and anything down to nothing: two that collided must not do so again. */
const firstDelay = 10;

/**
 * Runs what the database undoes where it collides with another, until it does not.
 * @param isContended whether an error says that it was undone because of another.
 * @throws {DatabaseUnavailable} where it collides every time.
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
        throw new DatabaseUnavailable('the database undid it each time, because of others', { cause: error });
      }
      await wait(Math.random() * firstDelay * 2 ** (attempt - 1));
    }
  }
}
