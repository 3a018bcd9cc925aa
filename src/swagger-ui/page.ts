import { amendSwaggerUi } from './accessibility.js';
import { Badge } from './badge.js';
import { createAuthorizeDialog, type Account } from './authorize-dialog.js';
import { Caller } from './caller.js';
import { followColorScheme } from './color-scheme.js';
import type { Document } from './document.js';
import { Login } from './login.js';
import { Operations, type Fetch } from './operations.js';
import { padlocks } from './padlocks.js';
import { RequestBodies } from './request-bodies.js';
import { sortHeaders } from './response-headers.js';
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
class Page implements Account {
  readonly login: Login;
  readonly authorization: SwaggerUiAuthorization;
  readonly session: Session;
  readonly operations: Operations;
  readonly requestBodies: RequestBodies;
  readonly #caller: Caller;
  readonly #badge: Badge;
  /** The token whose user was asked for last. */
  #asked: string | undefined;

  constructor(system: SwaggerUi) {
    const tabs = new BroadcastChannel(key);
    this.#badge = new Badge(() => {
      openLogin(system);
    });
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
    this.login = new Login(this.session, send, service);
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

  get username(): string | undefined {
    return this.#caller.username;
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

/** The document with the service that the page belongs to as its one server: requests go there, wherever else it is known. */
function withOwnServer(document: Document): Document {
  return { ...document, servers: document.servers?.filter(({ url }) => url.startsWith('/')) ?? [] };
}

/** Opens `POST /login`, whatever is filtered or closed, and goes there. */
function openLogin({ layoutActions }: SwaggerUi): void {
  layoutActions.updateFilter('');
  layoutActions.show(['operations-tag', 'Sessions'], true);
  layoutActions.show(['operations', 'Sessions', 'login'], true);
  // Once it is drawn.
  requestAnimationFrame(() => {
    document.querySelector<HTMLElement>('#operations-Sessions-login .opblock-summary-control')?.focus();
  });
}

/** Browsers have locks only where the page came by HTTPS or from this machine. Else the refresh's grace has to do. */
const locks = navigator.locks as LockManager | undefined;
const turns = locks && new Turns(key, locks, window);

let page: Page | undefined;

const plugin: Plugin = {
  wrapComponents: { ...padlocks, auths: createAuthorizeDialog(() => page) },
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
          return original(withOwnServer(document));
        },
        setResponse: (original) => (path, method, response) => {
          // Those of a refusal are in the error.
          for (const shown of [response, response.err?.response]) {
            if (shown?.headers) shown.headers = sortHeaders(shown.headers);
          }
          return original(path, method, response);
        },
      },
    },
    auth: { wrapActions: { persistAuthorizationIfNeeded: () => () => page?.authorization.persist() } },
  },
};

followColorScheme();
// For Swagger UI's options, which name it.
Object.assign(globalThis, { latchkey: plugin });
