/** The members of a browser's window that turns use. */
export interface Tab {
  /** The process's copy of the storage that the tabs share. */
  readonly localStorage: { getItem(key: string): string | null; setItem(key: string, value: string): void };
  /** `storage`: the change of another tab has arrived. */
  addEventListener(type: 'storage', listener: () => void): void;
  removeEventListener(type: 'storage', listener: () => void): void;
  setTimeout(work: () => void, milliseconds: number): number;
  clearTimeout(timer: number): void;
}

/** The members of the Web Locks API that turns use. */
interface Locks {
  request<T>(name: string, options: { mode: 'exclusive' | 'shared' }, work: () => Promise<T>): Promise<T>;
  query(): Promise<{ held?: readonly { name?: string }[] }>;
}

/** The time after which other tabs certainly see a change of localStorage, in milliseconds; usually it takes a few. */
const visibleWithin = 1000;

/**
 * Runs work in one tab at a time, so that each turn sees what the earlier turns have stored in localStorage.
 *
 * The Web Locks API alone does not guarantee that. Tabs may be processes, each with a copy of localStorage, and the lock
 * may arrive before the change: in Chromium three tabs that increment a counter by turns lose a third of the increments.
 * So turns are numbered in localStorage, and a tab that ends a turn holds a lock with the turn's number in its name for a
 * while. All tabs see the same locks: a tab that sees a number that is not in its localStorage yet waits for it.
 */
export class Turns {
  /** The key of the last turn's number in localStorage. */
  readonly #counter: string;

  /** @param key the key of the shared value in localStorage. */
  constructor(
    private readonly key: string,
    private readonly locks: Locks,
    private readonly tab: Tab,
  ) {
    this.#counter = `${key} turn`;
  }

  /** Runs work while no other tab does. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    return await this.locks.request(this.key, { mode: 'exclusive' }, async () => {
      await this.#seeLast();
      try {
        return await work();
      } finally {
        await this.#end();
      }
    });
  }

  /** The last turn that this tab knows of. */
  get #last(): number {
    return Number(this.tab.localStorage.getItem(this.#counter) ?? 0);
  }

  async #seeLast(): Promise<void> {
    const { tab } = this;
    const prefix = `${this.#counter} `;
    const { held = [] } = await this.locks.query();
    const ended = held.map(({ name = '' }) =>
      name.startsWith(prefix) ? Number(name.slice(prefix.length)) : 0,
    );
    const last = Math.max(0, ...ended);
    if (this.#last >= last) return;
    await new Promise<void>((resolve) => {
      const goOn = (): void => {
        tab.clearTimeout(timer);
        tab.removeEventListener('storage', look);
        resolve();
      };
      const look = (): void => {
        if (this.#last >= last) goOn();
      };
      // localStorage may have been cleared meanwhile.
      const timer = tab.setTimeout(goOn, visibleWithin);
      tab.addEventListener('storage', look);
    });
  }

  async #end(): Promise<void> {
    const turn = this.#last + 1;
    this.tab.localStorage.setItem(this.#counter, String(turn));
    await new Promise<void>((held, failed) => {
      const hold = async (): Promise<void> => {
        held();
        await new Promise<void>((resolve) => this.tab.setTimeout(resolve, visibleWithin));
      };
      this.locks.request(`${this.#counter} ${turn}`, { mode: 'shared' }, hold).catch(failed);
    });
  }
}
