/** Of a statement in the log: enough to say which one it is. */
const maxStatementLength = 300;

interface Unavailability extends ErrorOptions {
  /** The one that failed, with placeholders in place of values. */
  readonly statement?: string | undefined;
}

/**
 * The database cannot be used now: it is down, does not respond in time, takes no writes, or takes no more connections.
 * The statement that failed may or may not have been executed.
 */
export class DatabaseUnavailable extends Error {
  override readonly name: string = 'DatabaseUnavailable';
  readonly #statement: string | undefined;

  constructor(message: string, { statement, ...options }: Unavailability = {}) {
    super(message, options);
    this.#statement = statement?.replaceAll(/\s+/g, ' ').slice(0, maxStatementLength);
  }

  /** The beginning of the statement that failed, if it was one. */
  get statement(): string | undefined {
    return this.#statement;
  }
}

/** The statement that failed, of an error or of what caused it. */
export function findFailedStatement(error: unknown): string | undefined {
  // A project's errors may cause each other in a circle.
  const seen = new Set<unknown>();
  for (let each = error; each instanceof Error && !seen.has(each); each = each.cause) {
    if (each instanceof DatabaseUnavailable) return each.statement;
    seen.add(each);
  }
  return undefined;
}

/** The database responds but refuses the connection, such as for a wrong password, database name or privilege. */
export class DatabaseRefused extends DatabaseUnavailable {
  override readonly name = 'DatabaseRefused';
}

/** The database can be read but not written: a standby, a full disk, a read-only file. */
export class DatabaseReadOnly extends DatabaseUnavailable {
  override readonly name = 'DatabaseReadOnly';
}
