import { EventEmitter, once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

/** Milliseconds. Editors write a file in several steps, and several files at once: those are one change. */
const settleTime = 40;

/** Changes that nobody has taken yet. None is lost: what comes while one is worked on is the next one. */
export class Changes {
  readonly #emitter = new EventEmitter();
  #latest = 0;
  #isPending = false;

  add(): void {
    this.#latest = performance.now();
    this.#isPending = true;
    this.#emitter.emit('change');
  }

  /** Resolves once there is one. */
  async pending(): Promise<void> {
    if (!this.#isPending) await once(this.#emitter, 'change');
  }

  /** Resolves once there was one, and no other for a moment. It is taken then. */
  async settled(): Promise<void> {
    await this.pending();
    for (;;) {
      const rest = this.#latest + settleTime - performance.now();
      if (rest <= 0) break;
      await wait(rest);
    }
    this.#isPending = false;
  }
}
