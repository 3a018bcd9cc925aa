import { DatabaseReadOnly, DatabaseUnavailable } from './database-unavailable.js';

/** A statement that has ended, as its caller saw it. */
export interface EndedStatement {
  /** With placeholders in place of values. */
  readonly sql: string;
  /** Of `performance.now()`, when it was asked for. */
  readonly askedAt: number;
  /** Milliseconds until its result. */
  readonly took: number;
  readonly error?: unknown;
}

/** Of `performance.now()`, and milliseconds. */
export interface ConnectionWait {
  readonly askedAt: number;
  readonly took: number;
}

/** Is told what the database has done, in the asynchronous context of what asked for it. */
export interface DatabaseObserver {
  readonly onStatement?: (statement: EndedStatement) => void;
  /**
   * @param took milliseconds from asking for a commit, or for a statement that is its own transaction, to its result, or to the
   *   time at which it was given up because the database did not respond.
   */
  readonly onCommit?: (took: number) => void;
  /** A connection was taken from the pool, or there was none in time. */
  readonly onConnection?: (wait: ConnectionWait) => void;
}

/** Whether a statement commits a change, which some statements say only by their result. */
export interface CommitRule<T> {
  readonly ofResult: (result: T) => boolean;
  /** Of one without a result. */
  readonly ifGivenUp: boolean;
}

/** The observers of one database. Without any, nothing is measured. */
export class DatabaseObservers {
  readonly #ofStatements: ((statement: EndedStatement) => void)[] = [];
  readonly #ofCommits: ((took: number) => void)[] = [];
  readonly #ofConnections: ((wait: ConnectionWait) => void)[] = [];

  add({ onStatement, onCommit, onConnection }: DatabaseObserver): void {
    if (onStatement) this.#ofStatements.push(onStatement);
    if (onCommit) this.#ofCommits.push(onCommit);
    if (onConnection) this.#ofConnections.push(onConnection);
  }

  /** Takes a connection from a pool. */
  async watchConnection<T>(connect: () => Promise<T>): Promise<T> {
    const askedAt = performance.now();
    try {
      return await connect();
    } finally {
      const took = performance.now() - askedAt;
      for (const observer of this.#ofConnections) observer({ askedAt, took });
    }
  }

  /**
   * Runs a statement.
   * @param commits whether a change is committed when it has ended, or what says so.
   */
  watch<T>(sql: string, commits: boolean | CommitRule<T>, run: () => Promise<T>): Promise<T> {
    const isWatched = this.#ofStatements.length > 0 || (commits !== false && this.#ofCommits.length > 0);
    return isWatched ? this.#measure(sql, commits, run) : run();
  }

  async #measure<T>(sql: string, commits: boolean | CommitRule<T>, run: () => Promise<T>): Promise<T> {
    const askedAt = performance.now();
    try {
      const result = await run();
      const took = performance.now() - askedAt;
      for (const observer of this.#ofStatements) observer({ sql, askedAt, took });
      const isCommit = typeof commits === 'boolean' ? commits : commits.ofResult(result);
      if (isCommit) for (const observer of this.#ofCommits) observer(took);
      return result;
    } catch (error) {
      const took = performance.now() - askedAt;
      for (const observer of this.#ofStatements) observer({ sql, askedAt, took, error });
      // What the database refuses was never waited for.
      const isCommit =
        error instanceof DatabaseUnavailable &&
        !(error instanceof DatabaseReadOnly) &&
        (typeof commits === 'boolean' ? commits : commits.ifGivenUp);
      if (isCommit) for (const observer of this.#ofCommits) observer(took);
      throw error;
    }
  }
}
