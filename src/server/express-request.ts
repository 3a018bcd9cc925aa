import type { RequestedOperation } from '../http/requested-operation.js';
import type { Caller } from '../tokens/caller.js';

declare global {
  // The way that Express's types are extended.
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    interface Request {
      /** When its headers had arrived, of `performance.now()`. */
      arrivedAt: number;
      /** Set once the operation is found. */
      operation?: RequestedOperation;
      /** Set where requests are traced. */
      traceId?: string;
      /** The user who has logged in by the request. */
      login?: { userId?: string };
      /** Set on protected operations. */
      caller?: Caller;
      /** The result of the hook `loadUser`. */
      user?: object;
      /** Fields that were removed from the body because the service reads them: an access token, a CSRF value. */
      reservedBodyFields?: Map<string, unknown>;
      /** Set on operations whose errors have OAuth's form (RFC 6749 §5.2). */
      usesOAuthErrors?: boolean;
      /** Set where clients that prefer HTML get errors as pages. */
      offersErrorPages?: boolean;
      /** Whether the access token came in a cookie. */
      tokenInCookie?: boolean;
      /** The method that a CSRF value is required by, where a gateway asks about a request of its client. */
      csrfMethod?: string;
      /** The X-Request-Id of the response and the log. */
      requestId: string;
    }
  }
}
