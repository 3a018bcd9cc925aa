/**
 * The database cannot be asked now: it is down, does not answer in time, or takes no more connections. What was asked
 * of it may have happened or not.
 */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
}
