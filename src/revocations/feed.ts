import type { LiveRevocation } from './revocations.store.js';

/** Brings what other processes commit into this process. */
export interface Feed {
  /** Resolves when everything committed before the call has been applied. The feed stops when the database is closed. */
  start(): Promise<void>;
  /**
   * Whether everything committed longer ago than the bound has been applied here. If not, ask the database instead of
   * memory. Does no I/O, because it is called for each request.
   */
  isCurrent(): boolean;
  /**
   * Milliseconds since the last moment of which it is certain that everything committed before it has been applied here;
   * Infinity before the first.
   */
  getLag(): number;
  /**
   * How long the last outage of the database lasted, in milliseconds, if it ended less than `within` milliseconds ago;
   * otherwise 0.
   */
  getRecentOutage(within: number): number;
}

/** Applies what other processes commit. */
export interface FeedHandler {
  /** Reads everything. */
  readAll(): Promise<void>;
  onRevoked(rows: readonly LiveRevocation[]): void;
  onKeysChanged(): Promise<void>;
}
