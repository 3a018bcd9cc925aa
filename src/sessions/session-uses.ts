import type { Clock } from '../clock.js';
import { rowsPerBatch } from '../database/batches.js';
import type { Database } from '../database/database.js';
import { sessionsStore } from './sessions.store.js';

/** Sessions whose uses are held until they are written: about 100 bytes each. */
const maxHeld = 100_000;

/**
 * When sessions were last used by an access token. A request only notes it in memory; `flush` writes what is new,
 * from time to time and at the end.
 */
export class SessionUses {
  readonly #noted = new Map<string, number>();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Notes a use that happens now. Costs no I/O. */
  recordUse(sessionId: string): void {
    if (this.#noted.size < maxHeld || this.#noted.has(sessionId)) {
      this.#noted.set(sessionId, this.clock.now());
    }
  }

  /** When a session was last used, by what is in the table and what is not there yet. */
  lastUseOf({ id, last_used_at: written }: { readonly id: string; readonly last_used_at: number }): number {
    return Math.max(written, this.#noted.get(id) ?? 0);
  }

  /** How many are held. */
  get size(): number {
    return this.#noted.size;
  }

  /** Writes what was noted, and lets go of it once it is written. */
  async flush(): Promise<void> {
    // What is noted from now on is for the next time; a use that is noted again comes after all others in the map.
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
