/**
 * The database cannot be used now: it is down, does not respond in time, takes no writes, or takes no more connections.
 * The statement that failed may or may not have been executed.
 */
export class DatabaseUnavailable extends Error {
  override readonly name: string = 'DatabaseUnavailable';
}

/** The database responds but refuses the connection, such as for a wrong password, database name or privilege. */
export class DatabaseRefused extends DatabaseUnavailable {
  override readonly name = 'DatabaseRefused';
}

/** The database can be read but not written: a standby, a full disk, a read-only file. */
export class DatabaseReadOnly extends DatabaseUnavailable {
  override readonly name = 'DatabaseReadOnly';
}
