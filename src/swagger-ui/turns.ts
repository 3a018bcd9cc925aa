/** As much of a browser's window as turns need. */
export interface Tab {
  /** This tab's copy of what the tabs share. */
  readonly localStorage: { getItem(key: string): string | null; setItem(key: string, value: string): void };
  /** Another tab's change has come. */
  addEventListener(type: 'storage', listener: () => void): void;
  removeEventListener(type: 'storage', listener: () => void): void;
  setTimeout(work: () => void, milliseconds: number): number;
  clearTimeout(timer: number): void;
}

/** As much of the Web Locks API. */
interface Locks {
  request<T>(name: string, options: { mode: 'exclusive' | 'shared' }, work: () => Promise<T>): Promise<T>;
  query(): Promise<{ held?: readonly { name?: string }[] }>;
}

/** For how long another tab may not see what was stored, in milliseconds: browsers take a few. */
const visibleWithin = 1000;

/**
 * What the tabs of a site do by turns, because they share the tokens in localStorage: each turn finds what those before
 * it have stored.
 *
 * The Web Locks API alone does not give that. A browser's tabs may be processes, each with a copy of localStorage, and
 * the lock may be there before the news: in Chromium three tabs that count by turns lose a third of their steps. So the
 * turns are numbered, in localStorage, and a tab that ends one holds for a moment a lock that has the number in its name.
 * Of locks all tabs are told the same: who sees one with a number that is not yet in its localStorage waits for it.
 */
export class Turns {
  /** Where the number of the last turn is, beside what is shared. */
  readonly #counter: string;

  /** @param key what the tabs share in localStorage */
  constructor(
    private readonly key: string,
    private readonly locks: Locks,
    private readonly tab: Tab,
  ) {
    this.#counter = `${key} turn`;
  }

  /** Runs one piece of work at a time, among all tabs. */
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

  /** As far as this tab knows. */
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
      // Somebody may have cleared localStorage meanwhile.
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
