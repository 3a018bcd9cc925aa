import type { DatabaseSync } from 'node:sqlite';
import type { LiveRevocation } from '../tokens/revocations.store.js';

/** How what other processes commit comes here. */
export interface Feed {
  /** Begins: when it resolves, all that was committed before has been taken over. The database's `close` ends it. */
  start(): Promise<void>;
  /**
   * Whether all that was committed longer ago than the bound has been taken over here. Costs no I/O: it is asked for
   * each request. Where it is false, ask the database instead of the memory.
   */
  isCurrent(): boolean;
  /**
   * For how long the database could not be reached, in milliseconds, where it has been back for less than `within`;
   * else 0.
   */
  recentOutage(within: number): number;
}

/** Takes over what other processes commit. */
export interface Follower {
  /** Reads all that there is. */
  readAll(): Promise<void>;
  /** Rows that were just committed. */
  revoked(rows: readonly LiveRevocation[]): void;
  /** The keys are others now. */
  keysChanged(): Promise<void>;
}

/** How often a SQLite file is looked at for what an operator's command wrote, in milliseconds. */
const look = 500;

/**
 * SQLite's: the service is the one process there, and what an operator's command beside it writes is seen at the next
 * look.
 */
export class SqliteFeed implements Feed {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly connection: DatabaseSync,
    private readonly follower: Follower,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  isCurrent(): boolean {
    return true;
  }

  recentOutage(): number {
    return 0;
  }

  async start(): Promise<void> {
    const version = this.connection.prepare('pragma data_version');
    const read = (): unknown => version.get()?.['data_version'];
    let seen = read();
    await this.follower.readAll();
    this.#timer = setInterval(() => {
      const current = read();
      if (current === seen) return;
      this.follower.readAll().then(
        () => (seen = current),
        this.onFailure, // and once more at the next look
      );
    }, look).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
