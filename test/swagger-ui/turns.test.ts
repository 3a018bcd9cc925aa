import { expect } from 'chai';
import { Turns, type Tab } from '../../src/swagger-ui/turns.js';

/** Tabs whose copies of localStorage are synchronized when a test says so. */
class Site {
  readonly #news: (() => void)[] = [];
  readonly tabs: FakeTab[] = [];

  open(): FakeTab {
    const tab = new FakeTab((key, value) => {
      for (const other of this.tabs)
        if (other !== tab)
          this.#news.push(() => {
            other.learn(key, value);
          });
    });
    this.tabs.push(tab);
    return tab;
  }

  deliver(): void {
    for (const tell of this.#news.splice(0)) tell();
  }
}

class FakeTab implements Tab {
  readonly #items = new Map<string, string>();
  readonly #listeners = new Set<() => void>();
  readonly #timers = new Map<number, () => void>();
  #timer = 0;
  #onListening = (): void => undefined;
  /** Work in this tab waits for changes of localStorage. */
  readonly listening = new Promise<void>((resolve) => {
    this.#onListening = resolve;
  });

  constructor(private readonly onSet: (key: string, value: string) => void) {}

  readonly localStorage = {
    getItem: (key: string): string | null => this.#items.get(key) ?? null,
    setItem: (key: string, value: string): void => {
      this.#items.set(key, value);
      this.onSet(key, value);
    },
  };

  learn(key: string, value: string): void {
    this.#items.set(key, value);
    for (const listener of [...this.#listeners]) listener();
  }

  addEventListener(_type: 'storage', listener: () => void): void {
    this.#listeners.add(listener);
    this.#onListening();
  }

  removeEventListener(_type: 'storage', listener: () => void): void {
    this.#listeners.delete(listener);
  }

  setTimeout(work: () => void): number {
    this.#timer += 1;
    this.#timers.set(this.#timer, work);
    return this.#timer;
  }

  clearTimeout(timer: number): void {
    this.#timers.delete(timer);
  }

  /** Ends all waits for time, which releases the locks of earlier turns. */
  passTime(): void {
    const works = [...this.#timers.values()];
    this.#timers.clear();
    for (const work of works) work();
  }

  get waits(): number {
    return this.#listeners.size + this.#timers.size;
  }
}

describe("Turns of a site's tabs", () => {
  let number = 0;
  let site: Site;
  let one: FakeTab;
  let two: FakeTab;
  let inOne: Turns;
  let inTwo: Turns;

  beforeEach(() => {
    number += 1;
    site = new Site();
    [one, two] = [site.open(), site.open()];
    [inOne, inTwo] = [one, two].map((tab) => new Turns(`tokens ${number}`, navigator.locks, tab)) as [
      Turns,
      Turns,
    ];
  });
  afterEach(() => {
    for (const tab of site.tabs) tab.passTime();
  });

  const store = (tab: FakeTab, value: string) => (): Promise<void> => {
    tab.localStorage.setItem('token', value);
    return Promise.resolve();
  };
  const read = (tab: FakeTab) => (): Promise<string | null> =>
    Promise.resolve(tab.localStorage.getItem('token'));

  it('see what the previous turn has stored, however late it is synchronized', async () => {
    await inOne.take(store(one, 'new'));
    const found = inTwo.take(read(two));
    await two.listening;
    expect(await read(two)()).to.equal(null);
    site.deliver();
    expect(await found).to.equal('new');
  });

  it('see what was stored before work failed', async () => {
    const failing = inOne.take(async () => {
      await store(one, 'new')();
      throw new Error('out of luck');
    });
    const error = await failing.catch((error: unknown) => error);
    expect(error).to.have.property('message', 'out of luck');
    const found = inTwo.take(read(two));
    await two.listening;
    site.deliver();
    expect(await found).to.equal('new');
  });

  it('continue at once if everything is synchronized', async () => {
    await inOne.take(store(one, 'first'));
    await inOne.take(store(one, 'second'));
    site.deliver();
    expect(await inTwo.take(read(two))).to.equal('second');
    site.deliver();
    expect(await inOne.take(read(one))).to.equal('second');
  });

  it('continue after a second without synchronization', async () => {
    await inOne.take(store(one, 'new'));
    const found = inTwo.take(read(two));
    await two.listening;
    two.passTime();
    expect(await found).to.equal(null);
  });

  it('hold no lock after the second', async () => {
    await inOne.take(store(one, 'new'));
    const found = inTwo.take(read(two));
    await two.listening;
    site.deliver();
    await found;
    for (const tab of site.tabs) tab.passTime();
    expect(site.tabs.map((tab) => tab.waits)).to.deep.equal([0, 0]);
    for (const turn of [1, 2])
      await navigator.locks.request(`tokens ${number} turn ${turn}`, () => undefined);
  });
});
