import type { Clock } from '../clock.js';

interface JobRecord {
  readonly succeeded: number;
  readonly failed: number;
  /** Seconds that its last run took; undefined: there was none. */
  readonly lastDuration: number | undefined;
  /** Seconds since the Unix epoch; undefined: never. */
  readonly lastSuccess: number | undefined;
}

/** How the runs of background jobs have ended. */
export class JobRecords {
  readonly #records = new Map<string, JobRecord>();

  constructor(private readonly clock: Clock) {}

  /** Begins with zeros, so that the rate of failures is right from the first one. @param job its name, one of few. */
  add(job: string): void {
    this.#records.set(job, { succeeded: 0, failed: 0, lastDuration: undefined, lastSuccess: undefined });
  }

  /** @param job its name, one of few. */
  async run(job: string, work: () => Promise<void>): Promise<void> {
    const begunAt = performance.now();
    try {
      await work();
      this.#record(job, true, begunAt);
    } catch (error) {
      this.#record(job, false, begunAt);
      throw error;
    }
  }

  [Symbol.iterator](): Iterator<[string, JobRecord]> {
    return this.#records[Symbol.iterator]();
  }

  #record(job: string, isSuccess: boolean, begunAt: number): void {
    const { succeeded = 0, failed = 0, lastSuccess } = this.#records.get(job) ?? {};
    this.#records.set(job, {
      succeeded: succeeded + Number(isSuccess),
      failed: failed + Number(!isSuccess),
      lastDuration: (performance.now() - begunAt) / 1000,
      lastSuccess: isSuccess ? this.clock.now() / 1000 : lastSuccess,
    });
  }
}
