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
import { readTokenHeader, withBearer, withTokenHeader, type TokenHeader } from './token-header.js';
import { Turns } from './turns.js';

/** The service's base URL: the page is at `docs/` below it, whatever prefix a proxy adds. */
const service = new URL('..', document.baseURI);
/** The storage key has the service's path, because a proxy may serve several services on one origin. */
const key = `latchkey ${service.pathname}`;
/** Milliseconds. */
const tickEvery = 1000;

/** Connects Swagger UI with the page's session. */
class Page implements Account {
  readonly login: Login;
  readonly authorization: SwaggerUiAuthorization;
  readonly session: Session;
  readonly operations: Operations;
  readonly requestBodies: RequestBodies;
  readonly #caller: Caller;
  readonly #badge: Badge;
  /** The token for which the username was last requested. */
  #asked: string | undefined;

  constructor(system: SwaggerUi) {
    const tabs = new BroadcastChannel(key);
    this.#badge = new Badge(() => {
      openLogin(system);
    });
    const send: Fetch = async (url, request) => {
      const headers = new Headers(request.headers);
      if (!headers.has('Authorization')) return fetch(url, request);
      const header = await tokenHeader;
      return fetch(url, { ...request, headers: withTokenHeader(Object.fromEntries(headers), header) });
    };
    this.requestBodies = new RequestBodies(system);
    this.authorization = new SwaggerUiAuthorization(system, key);
    this.session = new Session({
      authorization: this.authorization,
      storage: sessionStorage,
      storageKey: key,
      post: (message) => {
        tabs.postMessage(message);
      },
      runExclusively: (work) => turns?.take(work) ?? work(),
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
      if (event.key === key || event.key === null) this.session.adoptSharedToken();
    });
    document.addEventListener('visibilitychange', () => {
      this.session.adoptSharedToken();
      this.#tick();
    });
    // The Authorize dialog changes the token, too.
    system.getStore().subscribe(() => {
      this.session.changed();
    });
    amendSwaggerUi(document.getElementById('swagger-ui') ?? document.body);
    this.session.adoptSharedToken();
    this.#show();
    setInterval(() => {
      this.#tick();
    }, tickEvery);
  }

  get username(): string | undefined {
    return this.#caller.username;
  }

  /** A hidden page does not refresh tokens, so that an unused session expires. */
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

/** The document with the service of this page as its only server: requests go there, whatever the issuer is. */
function withOwnServer(document: Document): Document {
  return { ...document, servers: document.servers?.filter(({ url }) => url.startsWith('/')) ?? [] };
}

/** Opens and focuses `POST /login`, whatever is filtered or collapsed. */
function openLogin({ layoutActions }: SwaggerUi): void {
  layoutActions.updateFilter('');
  layoutActions.show(['operations-tag', 'Sessions'], true);
  layoutActions.show(['operations', 'Sessions', 'login'], true);
  // After it is rendered.
  requestAnimationFrame(() => {
    document.querySelector<HTMLElement>('#operations-Sessions-login .opblock-summary-control')?.focus();
  });
}

/** Browsers offer locks in secure contexts alone (HTTPS, localhost). Elsewhere the grace of refreshes has to suffice. */
const locks = navigator.locks as LockManager | undefined;
const turns = locks && new Turns(key, locks, window);

let page: Page | undefined;
let useTokenHeader: (header: TokenHeader) => void;
/** Known when the contract has been loaded. */
const tokenHeader = new Promise<TokenHeader>((resolve) => {
  useTokenHeader = resolve;
});

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
          useTokenHeader(readTokenHeader(document));
          return original(withBearer(withOwnServer(document)));
        },
        // What is shown as a curl command.
        setMutatedRequest: (original) => async (path, method, request) => {
          const headers = withTokenHeader(request.headers ?? {}, await tokenHeader);
          return original(path, method, { ...request, headers });
        },
        setResponse: (original) => (path, method, response) => {
          // The headers of an error response are in `err.response`.
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
// Swagger UI's options refer to it by this name.
Object.assign(globalThis, { latchkey: plugin });
