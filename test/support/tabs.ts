import { setImmediate } from 'node:timers/promises';
import { Caller } from '../../src/swagger-ui/caller.js';
import { Operations, type Fetch } from '../../src/swagger-ui/operations.js';
import { Session, type Message } from '../../src/swagger-ui/session.js';
import type { TestApp } from './test-app.js';

/** What a browser's tabs share: localStorage, messages, locks, and the network. */
export class Tabs {
  /** In localStorage. */
  shared: string | undefined;
  /** Requests of the page itself, besides "Try it out": `POST /refresh`. */
  readonly sent: string[] = [];
  /** By how many milliseconds the browser's clock is ahead of the service's. */
  ahead = 0;
  /** Replaces the service, to simulate that it cannot be reached or misbehaves. */
  instead: (() => Promise<Response>) | undefined;
  readonly #open: Tab[] = [];
  #lock: Promise<unknown> = Promise.resolve();

  constructor(readonly app: TestApp) {}

  /** @param storage the sessionStorage of a tab that is duplicated, restored or reloaded. */
  open(storage = new Map<string, string>()): Tab {
    const tab = new Tab(this, new Map(storage));
    this.#open.push(tab);
    tab.start();
    return tab;
  }

  close(tab: Tab): void {
    this.#open.splice(this.#open.indexOf(tab), 1);
  }

  share(from: Tab, token: string | undefined): void {
    this.shared = token;
    this.#tellOthers(from, ({ session }) => {
      session.adoptSharedToken();
    });
  }

  post(from: Tab, message: Message): void {
    this.#tellOthers(from, ({ session }) => {
      session.receive(message);
    });
  }

  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#lock.then(work);
    this.#lock = result.catch(() => undefined);
    return result;
  }

  readonly fetch: Fetch = (url, request) => {
    this.sent.push(`${request.method ?? 'GET'} ${new URL(url).pathname}`);
    return this.instead?.() ?? fetch(url, request);
  };

  now(): number {
    return this.app.clock.now() + this.ahead;
  }

  /** As in a browser, events are delivered later. */
  #tellOthers(from: Tab, tell: (tab: Tab) => void): void {
    for (const tab of this.#open) {
      if (tab !== from) {
        void setImmediate(tab).then(tell);
      }
    }
  }
}

/** The page in one tab, without its rendering. */
export class Tab {
  readonly session: Session;
  readonly operations: Operations;
  readonly caller: Caller;
  #token: string | undefined;
  #asking = Promise.resolve();

  constructor(
    private readonly tabs: Tabs,
    readonly storage: Map<string, string>,
  ) {
    this.session = new Session({
      authorization: {
        token: () => this.#token,
        shared: () => tabs.shared,
        set: (token, share) => {
          this.#token = token;
          if (share) tabs.share(this, token);
        },
      },
      storage: {
        getItem: (key) => storage.get(key) ?? null,
        setItem: (key, value) => storage.set(key, value),
        removeItem: (key) => storage.delete(key),
      },
      storageKey: 'latchkey /',
      post: (message) => {
        tabs.post(this, message);
      },
      runExclusively: (work) => tabs.exclusively(work),
      fetch: tabs.fetch,
      refreshUrl: `${tabs.app.url}/refresh`,
      now: () => tabs.now(),
      onChange: () => undefined,
    });
    this.caller = new Caller(this.session, tabs.fetch, `${tabs.app.url}/me`, () => undefined);
    this.operations = new Operations(
      this.session,
      (url, request) => fetch(url, request),
      () => {
        this.#asking = this.caller.ask();
      },
    );
  }

  start(): void {
    this.session.adoptSharedToken();
  }

  /** Waits until the tab's requests and the tabs' messages have arrived. */
  async settled(): Promise<void> {
    await this.#asking;
    // A change, a question about it, and the response.
    for (let round = 0; round < 3; round++) await setImmediate();
  }

  /** The Authorize dialog. */
  paste(token: string): void {
    this.#token = token;
    this.tabs.share(this, token);
    this.session.changed();
  }

  /** Tries out an operation, as Swagger UI does. */
  try(method: string, path: string, body?: object, template = path): Promise<Response> {
    const { token } = this.session;
    return this.operations.run({ path: template, method }, this.tabs.app.url + path, {
      method: method.toUpperCase(),
      headers: {
        ...(body && { 'Content-Type': 'application/json' }),
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
  }
}
