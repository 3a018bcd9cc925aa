import type { Clock } from '../clock.js';
import type { Feed } from '../revocations/feed.js';

/** What a service needs to handle requests, and whether it has it. */
export interface Check {
  readonly name: 'process' | 'revocations' | 'database';
  readonly isReady: boolean;
  /** Milliseconds since the Unix epoch: when it was first seen not to be ready. */
  readonly since?: number;
  /** Why not, for the operator. */
  readonly reason?: string;
  /** Of revocations: how old what is known of other processes' is, in milliseconds. */
  readonly lag?: number;
}

interface Sources {
  readonly database: { assertWritable(): Promise<void> };
  readonly feed: Pick<Feed, 'isCurrent' | 'getLag'>;
  readonly lifecycle: { readonly stopping: boolean };
  readonly clock: Clock;
}

/** Whether the service can handle requests, and since when it cannot. */
export class Readiness {
  /** Of what is not ready. */
  readonly #since = new Map<Check['name'], number>();
  #last: readonly Check[] = [];

  constructor(private readonly sources: Sources) {}

  /** What the last check has found. */
  get last(): readonly Check[] {
    return this.#last;
  }

  /**
   * Looks at everything; the database is written to, at most once a second.
   * @returns the checks, and the error of the database that failed.
   */
  async check(): Promise<{ readonly checks: readonly Check[]; readonly error?: unknown }> {
    const { feed, lifecycle } = this.sources;
    let error: unknown;
    try {
      await this.sources.database.assertWritable();
    } catch (reason) {
      error = reason ?? new Error('The database gave no reason.');
    }
    const lag = feed.getLag();
    const isCurrent = feed.isCurrent();
    const checks: Check[] = [
      {
        name: 'process',
        ...this.#recordState('process', !lifecycle.stopping),
        ...(lifecycle.stopping && { reason: 'The service is stopping.' }),
      },
      // Before the revocations, which do not arrive without it.
      {
        name: 'database',
        ...this.#recordState('database', error === undefined),
        ...(error !== undefined && { reason: error instanceof Error ? error.message : 'It failed.' }),
      },
      {
        name: 'revocations',
        ...this.#recordState('revocations', isCurrent),
        ...(!isCurrent && { reason: 'Revocations of other replicas do not arrive.' }),
        ...(Number.isFinite(lag) && { lag }),
      },
    ];
    this.#last = checks;
    return { checks, ...(error !== undefined && { error }) };
  }

  #recordState(name: Check['name'], isReady: boolean): Pick<Check, 'isReady' | 'since'> {
    if (isReady) {
      this.#since.delete(name);
      return { isReady };
    }
    const since = this.#since.get(name) ?? this.sources.clock.now();
    this.#since.set(name, since);
    return { isReady, since };
  }
}
