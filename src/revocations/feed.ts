import type { LiveRevocation } from './revocations.store.js';

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
  #isStopped = false;

  /** @param version changes whenever another process has committed. */
  constructor(
    private readonly version: () => Promise<unknown>,
    private readonly follower: Follower,
    private readonly onFailure: (error: unknown) => void,
    private readonly onSuccess: () => void = () => undefined,
  ) {}

  isCurrent(): boolean {
    return true;
  }

  recentOutage(): number {
    return 0;
  }

  async start(): Promise<void> {
    let seen = await this.version();
    await this.follower.readAll();
    const takeOver = async (): Promise<void> => {
      const current = await this.version();
      if (current === seen) return;
      await this.follower.readAll();
      seen = current;
    };
    let isLooking = false;
    this.#timer = setInterval(() => {
      if (isLooking) return;
      isLooking = true;
      takeOver()
        .then(this.onSuccess)
        .catch((error: unknown) => {
          // Looked at once more the next time; unless the file was closed meanwhile.
          if (!this.#isStopped) this.onFailure(error);
        })
        .finally(() => {
          isLooking = false;
        });
    }, look).unref();
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
  }
}
