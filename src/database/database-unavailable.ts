/**
 * The database cannot be asked now: it is down, does not answer in time, takes no writes, or takes no more connections.
 * What was asked of it may have happened or not.
 */
export class DatabaseUnavailable extends Error {
  override readonly name: string = 'DatabaseUnavailable';
}

/** It answers, and lets this service not in: waiting alone changes nothing. A password, a name, a right is wrong. */
export class DatabaseRefused extends DatabaseUnavailable {
  override readonly name = 'DatabaseRefused';
}

/** It can be read, and not be written to: a standby, a full disk, a file that may not be changed. */
export class DatabaseReadOnly extends DatabaseUnavailable {
  override readonly name = 'DatabaseReadOnly';
}
