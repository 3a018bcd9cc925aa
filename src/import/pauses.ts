import { setTimeout as wait } from 'node:timers/promises';
import type { Database } from '../database/database.js';

/** Milliseconds. */
const maxPause = 25;

/** Lets other processes write between two batches, if any do: on SQLite one writes at a time. */
export class Pauses {
  #version: unknown;
  #lastAt = performance.now();

  constructor(
    private readonly database: Pick<Database, 'changes'>,
    private readonly pause: (milliseconds: number) => Promise<void> = wait,
  ) {}

  /** Waits half as long as it took since the last call where another process has written meanwhile: it may have more to write. */
  async giveWay(): Promise<void> {
    const { changes } = this.database;
    if (changes.how !== 'version') return;
    // It is that of the connection that writes, whose own commits do not change it.
    const version = await changes.version();
    const haveOthersWritten = this.#version !== undefined && version !== this.#version;
    this.#version = version;
    if (haveOthersWritten) await this.pause(Math.min((performance.now() - this.#lastAt) / 2, maxPause));
    this.#lastAt = performance.now();
  }
}
