import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Conditions } from '../harness/conditions.ts';
import type { Server, ServerProgram } from '../harness/server.ts';
import { latchkey, type Prepared } from './latchkey.ts';

const script = fileURLToPath(new URL('live-memory.ts', import.meta.url));

/** How much of the memory of a service is alive: what is resident has garbage in it, too. */
export class LiveMemory {
  readonly #file: string;

  constructor(conditions: Conditions) {
    this.#file = join(conditions.newFolder('memory'), 'live');
  }

  /** The service, which tells it. */
  latchkey(installation: Pick<Prepared, 'settings'>): ServerProgram {
    return latchkey(installation, ['--expose-gc', '--import', script], { BENCH_LIVE_MEMORY: this.#file });
  }

  /** Collects garbage. @returns what is left, in MiB. */
  async of(service: Server): Promise<number> {
    rmSync(this.#file, { force: true });
    service.process.signal('SIGUSR2');
    while (!existsSync(this.#file)) {
      if (service.process.hasEnded) throw new Error(`The service ended: ${service.process.output}`);
      await wait(20);
    }
    return Number(readFileSync(this.#file, 'utf8')) / 2 ** 20;
  }
}
