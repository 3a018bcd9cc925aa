import type { Logger } from 'pino';

/** How often it is said of what goes on failing, and of what comes and goes, in milliseconds. */
const outageInterval = 60_000;
const flappingInterval = 10_000;

interface Outage {
  readonly since: number;
  readonly loggedAt: number;
  /** Failures that the log says nothing of yet. */
  readonly unlogged: number;
  readonly failures: number;
  readonly isOver: boolean;
}

/** The log of what fails again and again while something is away: a line as it begins, one a minute, one at its end. */
export class OutageLog {
  readonly #outages = new Map<string, Outage>();

  /** @param now milliseconds that only grow. */
  constructor(
    private readonly log: Logger,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * @param what the subject of a sentence that goes on with "failed"; one of a few.
   * @param fields further ones of the line.
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
    const missed = unlogged > 0 ? ` (and ${unlogged} times more since this was last said)` : '';
    this.log[level]({ ...fields, err: error }, `${what} failed${missed}`);
  }

  /** It works, or works again. Costs next to nothing where nothing had failed. */
  recordRecovery(what: string): void {
    if (this.#outages.size === 0) return;
    const outage = this.#outages.get(what);
    if (!outage || outage.isOver) return;
    this.#outages.set(what, { ...outage, unlogged: 0, isOver: true });
    const seconds = Math.round((this.now() - outage.since) / 1000);
    this.log.info({ failures: outage.failures, seconds }, `${what} works again`);
  }
}
