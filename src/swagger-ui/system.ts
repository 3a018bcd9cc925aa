import type { OperationRequest } from './operations.js';
import type { Document } from './document.js';
import type { Authorization } from './session.js';

/** As much of Swagger UI's system as the page uses: https://swagger.io/docs/open-source-tools/swagger-ui/customization/plugin-api/ */
export interface SwaggerUi {
  readonly authSelectors: { authorized(): { getIn(path: readonly string[]): unknown } };
  readonly authActions: {
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
  /** The Immutable library that its state is made of. */
  readonly Im: { Map(entries: object): unknown };
  getStore(): { subscribe(listener: () => void): void };
}

interface RequestBodyChange {
  readonly value: unknown;
  readonly pathMethod: readonly string[];
}

/** An operation that is tried out. */
export interface Execution {
  readonly pathName: string;
  readonly method: string;
  /** What the HTTP client calls instead of `fetch`, with the request that it has made. */
  readonly userFetch?: (url: string, request: OperationRequest) => Promise<Response>;
}

type Action<Parameters extends readonly unknown[], Result = unknown> = (...parameters: Parameters) => Result;
type Wrapped<A extends Action<never>> = (original: A) => A;

/** As much as the page uses of what a plugin of Swagger UI may have. */
export interface Plugin {
  readonly afterLoad: (system: SwaggerUi) => void;
  readonly statePlugins: {
    readonly spec: {
      readonly wrapActions: {
        readonly execute: Wrapped<Action<[Execution]>>;
        readonly executeRequest: Wrapped<Action<[Execution]>>;
        /** The contract is there. */
        readonly updateJsonSpec: Wrapped<Action<[Document]>>;
      };
    };
    readonly auth: {
      readonly wrapActions: { readonly persistAuthorizationIfNeeded: Wrapped<Action<[]>> };
    };
  };
}

/** The contract's security scheme. */
const scheme = 'bearer';

/** The access token in Swagger UI's state and in localStorage. */
export class SwaggerUiAuthorization implements Authorization {
  constructor(
    private readonly system: SwaggerUi,
    private readonly storageKey: string,
  ) {}

  token(): string | undefined {
    const value = this.system.authSelectors.authorized().getIn([scheme, 'value']);
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  shared(): string | undefined {
    return localStorage.getItem(this.storageKey) ?? undefined;
  }

  set(token: string | undefined, share: boolean): void {
    const { authActions } = this.system;
    if (token === undefined) {
      if (share) authActions.logoutWithPersistOption([scheme]);
      else authActions.logout([scheme]);
      return;
    }
    const authorization = {
      [scheme]: { name: scheme, schema: { type: 'http', scheme: 'bearer' }, value: token },
    };
    if (share) authActions.authorizeWithPersistOption(authorization);
    else authActions.authorize(authorization);
  }

  /**
   * Instead of what Swagger UI would persist: that is under one key for all the Swagger UIs of an origin, of which a
   * proxy may serve many, and has the clients' secrets of the Authorize dialog, too.
   */
  persist(): void {
    const token = this.token();
    if (token === undefined) localStorage.removeItem(this.storageKey);
    else localStorage.setItem(this.storageKey, token);
  }
}
