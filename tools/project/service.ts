// The service as processes of `latchkey dev`, one after another. The next one loads its code while the last one still serves.
import { fork, type ChildProcess } from 'node:child_process';

/** Milliseconds that a service has for requests that are open. */
const drainTime = 1000;

/** One process of it. The script is bin/serve.js, which says what it does, and starts when it is told to. */
class ServiceProcess {
  readonly #child: ChildProcess;
  /** Whether it has its code; false: it ended before. */
  readonly loaded: Promise<boolean>;
  /** Whether it was ready; false: it ended before. */
  readonly ready: Promise<boolean>;
  readonly ended: Promise<void>;
  /** Whether it was told to end. */
  wasTold = false;

  constructor(script: string, root: string) {
    this.#child = fork(script, { cwd: root, stdio: 'inherit' });
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', () => {
        resolve();
      });
      this.#child.once('error', (error) => {
        console.error(`The service cannot be run: ${error.message}`);
        resolve();
      });
    });
    const said = (word: string): Promise<boolean> =>
      Promise.race([
        this.ended.then(() => false),
        new Promise<boolean>((resolve) => {
          this.#child.on('message', (message) => {
            if (message === word) resolve(true);
          });
        }),
      ]);
    this.loaded = said('loaded');
    this.ready = said('ready');
  }

  start(): void {
    // Where it has ended since it was loaded, `ready` says so.
    this.#child.send('start', () => undefined);
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** As Ctrl-C does it: without the delay that a load balancer would need. */
  async end(): Promise<void> {
    if (this.hasEnded) return;
    this.wasTold = true;
    this.#child.kill('SIGINT');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), drainTime);
    await this.ended;
    clearTimeout(timer);
  }
}

export class Service {
  readonly #script: string;
  readonly #root: string;
  readonly #onCrash: () => void;
  #current: ServiceProcess | undefined;
  #next: ServiceProcess | undefined;

  /** @param onCrash called where it ends by itself after it was ready */
  constructor(script: string, root: string, onCrash: () => void) {
    this.#script = script;
    this.#root = root;
    this.#onCrash = onCrash;
  }

  get isRunning(): boolean {
    return this.#current !== undefined && !this.#current.hasEnded;
  }

  /**
   * Starts it with the code that is compiled now.
   * @param interrupted resolves where that code is out of date already
   * @returns whether it is ready; undefined: interrupted, and whatever was running goes on.
   */
  async restart(interrupted: Promise<void>): Promise<boolean | undefined> {
    await this.#next?.end();
    const next = new ServiceProcess(this.#script, this.#root);
    this.#next = next;
    const stop = interrupted.then(() => undefined);
    const loaded = await Promise.race([next.loaded, stop]);
    if (loaded !== true) return loaded;
    await this.#current?.end();
    this.#current = next;
    this.#next = undefined;
    next.start();
    void next.ready.then(async (isReady) => {
      await next.ended;
      if (isReady && !next.wasTold) this.#onCrash();
    });
    return Promise.race([next.ready, stop]);
  }

  async end(): Promise<void> {
    await Promise.all([this.#current?.end(), this.#next?.end()]);
  }
}
