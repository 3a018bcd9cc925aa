import type { LoadedUser } from '../hooks.js';
import type { Services } from './services.js';
import type { Caller } from '../tokens/caller.js';

declare global {
  // The way that Express's types are extended.
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    interface Locals {
      services: Services;
    }
    interface Request {
      /** Set on protected operations. */
      caller?: Caller;
      /** What the hook `loadUser` gave. */
      user?: LoadedUser;
      /** Fields of the body that are the service's own: an access token, a CSRF value. */
      reservedBodyFields?: Map<string, unknown>;
      /** Set on operations whose errors have OAuth's form (RFC 6749 §5.2). */
      usesOAuthErrors?: boolean;
      /** Set where errors are pages for clients that would rather have one. */
      offersErrorPages?: boolean;
      /** Whether the access token came in a cookie. */
      tokenInCookie?: boolean;
      /** As in the answer's X-Request-Id and in the log. */
      requestId: string;
    }
  }
}
