import type { LiveRevocation } from './revocations.store.js';

/** How what other processes commit comes here. */
export interface Feed {
  /** Begins: when it resolves, all that was committed before has been taken over. It ends with the database. */
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
export interface FeedHandler {
  /** Reads all that there is. */
  readAll(): Promise<void>;
  /** Rows that were just committed. */
  onRevoked(rows: readonly LiveRevocation[]): void;
  /** The keys are others now. */
  onKeysChanged(): Promise<void>;
}
