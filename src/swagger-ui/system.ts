import type { OperationRequest } from './operations.js';
import type { Document } from './document.js';
import type { React } from './react.js';
import type { Authorization } from './session.js';

/** The members of Swagger UI's system that the page uses: https://swagger.io/docs/open-source-tools/swagger-ui/customization/plugin-api/ */
export interface SwaggerUi {
  readonly React: React;
  readonly authSelectors: {
    authorized(): ImmutableMap;
    isAuthorized(security: unknown): boolean | null;
    /** The schemes that an operation's `security` refers to. */
    definitionsForRequirements(security: unknown): unknown;
  };
  readonly authActions: {
    /** Opens the Authorize dialog; `false` closes it. */
    showDefinitions(definitions: unknown): void;
    authorize(authorization: object): void;
    logout(schemes: readonly string[]): void;
    authorizeWithPersistOption(authorization: object): void;
    logoutWithPersistOption(schemes: readonly string[]): void;
  };
  readonly oas3Selectors: {
    requestBodyValue(path: string, method: string): string | object | null | undefined;
  };
  readonly oas3Actions: {
    setRequestBodyValue(change: RequestBodyChange): void;
    setRetainRequestBodyValueFlag(change: RequestBodyChange): void;
  };
  readonly layoutActions: {
    /** `['operations', tag, operationId]` is an operation, `['operations-tag', tag]` a tag. */
    show(place: readonly string[], isOpen: boolean): void;
    updateFilter(text: string): void;
  };
  readonly specSelectors: { specJson(): ImmutableMap };
  /** The Immutable library. */
  readonly Im: { Map(entries: object): unknown };
  getStore(): { subscribe(listener: () => void): void };
}

/** The members of Immutable's collections that the page uses. */
export interface ImmutableMap {
  get(key: string): unknown;
  getIn(path: readonly string[]): unknown;
  has(key: string): boolean;
  toJS(): unknown;
}
export interface ImmutableList {
  toArray(): readonly string[];
}

interface RequestBodyChange {
  readonly value: unknown;
  readonly pathMethod: readonly string[];
}

/** A request of "Try it out". */
export interface Execution {
  readonly pathName: string;
  readonly method: string;
  /** The HTTP client calls it instead of `fetch`. */
  readonly userFetch?: (url: string, request: OperationRequest) => Promise<Response>;
}

/** A request to be shown. */
export interface ShownRequest {
  readonly headers?: Readonly<Record<string, string>>;
}

/** A response to be shown. */
export interface ShownResponse {
  headers?: Readonly<Record<string, unknown>>;
  readonly err?: { readonly response?: { headers?: Readonly<Record<string, unknown>> } };
}

type Action<Parameters extends readonly unknown[], Result = unknown> = (...parameters: Parameters) => Result;
type Wrapped<A extends Action<never>> = (original: A) => A;

/** The members of a Swagger UI plugin that the page uses. */
export interface Plugin {
  /** The name of a component → a function that returns its replacement. */
  readonly wrapComponents: Readonly<Record<string, (original: never, system: SwaggerUi) => unknown>>;
  readonly afterLoad: (system: SwaggerUi) => void;
  readonly statePlugins: {
    readonly spec: {
      readonly wrapActions: {
        readonly execute: Wrapped<Action<[Execution]>>;
        readonly executeRequest: Wrapped<Action<[Execution]>>;
        /** Called when the contract has been loaded. */
        readonly updateJsonSpec: Wrapped<Action<[Document]>>;
        readonly setMutatedRequest: Wrapped<Action<[path: string, method: string, request: ShownRequest]>>;
        readonly setResponse: Wrapped<Action<[path: string, method: string, response: ShownResponse]>>;
      };
    };
    readonly auth: {
      readonly wrapActions: { readonly persistAuthorizationIfNeeded: Wrapped<Action<[]>> };
    };
  };
}

/** The names of the contract's security schemes. */
export const tokenScheme = 'bearer';
export const clientScheme = 'clientBasic';

/** The access token in Swagger UI's state and in localStorage. */
export class SwaggerUiAuthorization implements Authorization {
  constructor(
    private readonly system: SwaggerUi,
    private readonly storageKey: string,
  ) {}

  token(): string | undefined {
    const value = this.system.authSelectors.authorized().getIn([tokenScheme, 'value']);
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  shared(): string | undefined {
    return localStorage.getItem(this.storageKey) ?? undefined;
  }

  set(token: string | undefined, share: boolean): void {
    const { authActions } = this.system;
    if (token === undefined) {
      if (share) authActions.logoutWithPersistOption([tokenScheme]);
      else authActions.logout([tokenScheme]);
      return;
    }
    const authorization = {
      [tokenScheme]: { name: tokenScheme, schema: { type: 'http', scheme: 'bearer' }, value: token },
    };
    if (share) authActions.authorizeWithPersistOption(authorization);
    else authActions.authorize(authorization);
  }

  /**
   * Replaces Swagger UI's persistence, which uses one key for all Swagger UIs of an origin, where a proxy may serve
   * several, and also stores the clients' secrets of the Authorize dialog.
   */
  persist(): void {
    const token = this.token();
    if (token === undefined) localStorage.removeItem(this.storageKey);
    else localStorage.setItem(this.storageKey, token);
  }
}
