import type { Logger } from 'pino';
import { findFailedStatement } from './database-unavailable.js';

/** Minimum time between two lines during an outage, and between those of a subject that keeps failing and recovering, in ms. */
const outageInterval = 60_000;
const flappingInterval = 10_000;

interface Outage {
  readonly since: number;
  readonly loggedAt: number;
  /** Failures since the last line. */
  readonly unlogged: number;
  readonly failures: number;
  readonly isOver: boolean;
}

/** Limits the log lines of repeated failures during an outage: one at its start, one a minute, one at its end. */
export class OutageLog {
  readonly #outages = new Map<string, Outage>();

  /** @param now milliseconds of a monotonic clock. */
  constructor(
    private readonly log: Logger,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * @param what the subject of a sentence that continues with "failed"; from a small fixed set.
   * @param error undefined where the fields say all.
   * @param fields further fields of the log line.
   */
  recordFailure(
    what: string,
    error: unknown,
    fields: Readonly<Record<string, unknown>> = {},
    level: 'warn' | 'error' = 'warn',
  ): void {
    const now = this.now();
    const known = this.#outages.get(what);
    const isNew = !known || known.isOver;
    const since = isNew ? now : known.since;
    const failures = isNew ? 1 : known.failures + 1;
    const unlogged = known?.unlogged ?? 0;
    if (known && now - known.loggedAt < (known.isOver ? flappingInterval : outageInterval)) {
      this.#outages.set(what, { ...known, unlogged: unlogged + 1, failures: known.failures + 1 });
      return;
    }
    this.#outages.set(what, { since, loggedAt: now, unlogged: 0, failures, isOver: false });
    const missed = unlogged > 0 ? ` (and ${unlogged} more times since the last message)` : '';
    const statement = findFailedStatement(error);
    const details = { ...fields, ...(statement !== undefined && { statement }), err: error };
    this.log[level](details, `${what} failed${missed}`);
  }

  /** Records a success. Cheap while nothing has failed. */
  recordRecovery(what: string): void {
    if (this.#outages.size === 0) return;
    const outage = this.#outages.get(what);
    if (!outage || outage.isOver) return;
    this.#outages.set(what, { ...outage, unlogged: 0, isOver: true });
    const seconds = Math.round((this.now() - outage.since) / 1000);
    this.log.info({ failures: outage.failures, seconds }, `${what} works again`);
  }
}
