import type { Clock } from '../clock.js';
import { rowsPerBatch } from '../database/batches.js';
import type { Database } from '../database/database.js';
import { sessionsStore } from './sessions.store.js';

/** The maximum number of sessions in memory, at about 100 bytes each. */
const maxHeld = 100_000;

/**
 * Records when sessions were last used by an access token: in memory during requests, so that they need no I/O. `flush`
 * writes to the database, periodically and at shutdown.
 */
export class SessionUses {
  readonly #noted = new Map<string, number>();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Records a use at the current time, without I/O. */
  recordUse(sessionId: string): void {
    if (this.#noted.size < maxHeld || this.#noted.has(sessionId)) {
      this.#noted.set(sessionId, this.clock.now());
    }
  }

  /** The last use by the table or by memory, whichever is later. */
  getLastUse({ id, last_used_at: written }: { readonly id: string; readonly last_used_at: number }): number {
    return Math.max(written, this.#noted.get(id) ?? 0);
  }

  /** The number of sessions in memory. */
  get size(): number {
    return this.#noted.size;
  }

  /** Writes the recorded uses, and then forgets them. */
  async flush(): Promise<void> {
    // Uses recorded from now on wait for the next call: they are last in the map.
    for (let left = this.#noted.size; left > 0; left -= rowsPerBatch) {
      const batch: { id: string; at: number }[] = [];
      for (const [id, at] of this.#noted) {
        batch.push({ id, at });
        if (batch.length === Math.min(rowsPerBatch, left)) break;
      }
      if (batch.length === 0) return;
      await this.database.transaction((transaction) => sessionsStore.recordUses(transaction, batch));
      for (const { id, at } of batch) {
        if (this.#noted.get(id) === at) this.#noted.delete(id);
      }
    }
  }
}
