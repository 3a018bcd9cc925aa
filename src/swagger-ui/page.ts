import { amendSwaggerUi } from './accessibility.js';
import { Badge } from './badge.js';
import { Caller } from './caller.js';
import { Operations, type Fetch } from './operations.js';
import { RequestBodies } from './request-bodies.js';
import { Session, type Message } from './session.js';
import { SwaggerUiAuthorization, type Plugin, type SwaggerUi } from './system.js';
import { Turns } from './turns.js';

/** Where the service is: the page is at `docs/` below it, whatever a proxy has put before. */
const service = new URL('..', document.baseURI);
/** A proxy may serve several services on one origin: what the page keeps is under the service's own path. */
const key = `latchkey ${service.pathname}`;
/** Milliseconds. */
const tickEvery = 1000;

/** Swagger UI with a session: what tells them of each other. */
class Page {
  readonly authorization: SwaggerUiAuthorization;
  readonly session: Session;
  readonly operations: Operations;
  readonly requestBodies: RequestBodies;
  readonly #caller: Caller;
  readonly #badge = new Badge();
  /** The token whose user was asked for last. */
  #asked: string | undefined;

  constructor(system: SwaggerUi) {
    const tabs = new BroadcastChannel(key);
    const send: Fetch = (url, request) => fetch(url, request);
    this.requestBodies = new RequestBodies(system);
    this.authorization = new SwaggerUiAuthorization(system, key);
    this.session = new Session({
      authorization: this.authorization,
      storage: sessionStorage,
      storageKey: key,
      post: (message) => {
        tabs.postMessage(message);
      },
      exclusively: (work) => turns?.take(work) ?? work(),
      fetch: send,
      refreshUrl: new URL('refresh', service).href,
      now: () => Date.now(),
      onChange: () => {
        this.#changed();
      },
    });
    this.#caller = new Caller(this.session, send, new URL('me', service).href, () => {
      this.#show();
    });
    this.operations = new Operations(this.session, send, () => void this.#caller.ask());
    tabs.addEventListener('message', ({ data }: MessageEvent<Message>) => {
      this.session.receive(data);
    });
    addEventListener('storage', (event) => {
      if (event.key === key || event.key === null) this.session.follow();
    });
    document.addEventListener('visibilitychange', () => {
      this.session.follow();
      this.#tick();
    });
    // The Authorize dialog changes the token, too.
    system.getStore().subscribe(() => {
      this.session.changed();
    });
    amendSwaggerUi(document.getElementById('swagger-ui') ?? document.body);
    this.session.follow();
    this.#show();
    setInterval(() => {
      this.#tick();
    }, tickEvery);
  }

  /** A page that nobody looks at renews nothing: a session that is not used is to end some day. */
  #tick(): void {
    if (document.visibilityState === 'hidden') return;
    this.#show();
    void this.session.renewIfDue();
  }

  #changed(): void {
    this.#show();
    const { token, refreshToken } = this.session;
    if (refreshToken !== undefined) this.requestBodies.fillRefreshToken(refreshToken);
    if (token === this.#asked) return;
    this.#asked = token;
    void this.session.renewIfDue().then(() => this.#caller.ask());
  }

  #show(): void {
    this.#badge.show(this.session, this.#caller.username, Date.now());
  }
}

/** Browsers have locks only where the page came by HTTPS or from this machine. Else the refresh's grace has to do. */
const locks = navigator.locks as LockManager | undefined;
const turns = locks && new Turns(key, locks, window);

let page: Page | undefined;

const plugin: Plugin = {
  afterLoad: (system) => {
    page = new Page(system);
  },
  statePlugins: {
    spec: {
      wrapActions: {
        execute: (original) => async (execution) => {
          await page?.session.renewIfDue();
          return original(execution);
        },
        executeRequest: (original) => (execution) => {
          const operation = { path: execution.pathName, method: execution.method };
          return original({
            ...execution,
            userFetch: (url, request) => page?.operations.run(operation, url, request) ?? fetch(url, request),
          });
        },
        updateJsonSpec: (original) => (document) => {
          page?.requestBodies.fillForms(document);
          return original(document);
        },
      },
    },
    auth: { wrapActions: { persistAuthorizationIfNeeded: () => () => page?.authorization.persist() } },
  },
};

// For Swagger UI's options, which name it.
Object.assign(globalThis, { latchkey: plugin });
