import { EventEmitter, once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

/** Milliseconds. Editors write a file in several steps, and several files at once: those are one change. */
const settleTime = 40;

/** Collects changes of files until a build starts. A change during a build causes the next build. */
export class Changes {
  readonly #emitter = new EventEmitter();
  #latest = 0;
  #isPending = false;

  add(): void {
    this.#latest = performance.now();
    this.#isPending = true;
    this.#emitter.emit('change');
  }

  /** Resolves once there is a change. */
  async waitForChange(): Promise<void> {
    if (!this.#isPending) await once(this.#emitter, 'change');
  }

  /** Resolves once there was a change, and none for `settleTime` after it; the change is removed. */
  async waitUntilSettled(): Promise<void> {
    await this.waitForChange();
    for (;;) {
      const rest = this.#latest + settleTime - performance.now();
      if (rest <= 0) break;
      await wait(rest);
    }
    this.#isPending = false;
  }
}
