import type { Middleware } from 'openapi-fetch';
import { operations, type Operation } from '../generated/operations.js';
import type { ConfirmedTotp, TokenSet } from '../generated/schema.js';
import { checkResponse } from './api.js';
import type { StoredTokens } from './storage.js';
import type { TokenKeeper } from './token-keeper.js';

type Send = (request: Request) => Promise<Response>;

interface Attempt {
  readonly tokens: StoredTokens;
  /** A copy of the request with an unread body. */
  readonly again: Request;
}

/**
 * Adds the access token to requests of operations that take one, and refreshes a refused one. Stores the tokens that responses
 * have.
 */
export function bearer(keeper: TokenKeeper, send: Send): Middleware {
  const attempts = new WeakMap<Request, Attempt>();
  return {
    async onRequest({ request, schemaPath }) {
      if (request.headers.has('Authorization')) return undefined;
      const operation = operations.get(`${request.method} ${schemaPath}`);
      if (operation?.takesToken !== true) return undefined;
      if (operation.renewsTokens) {
        return unlessAborted(exchange(keeper, send, { request, operation }), request.signal);
      }
      const tokens = await unlessAborted(keeper.current(), request.signal);
      if (!tokens) return undefined;
      attempts.set(request, { tokens, again: request.clone() });
      request.headers.set('Authorization', `Bearer ${tokens.access_token}`);
      return undefined;
    },
    async onResponse({ request, response }) {
      const attempt = attempts.get(request);
      if (!attempt || response.status !== 401 || !(await saysInvalidToken(response))) return undefined;
      const tokens = await unlessAborted(keeper.replacing(attempt.tokens.access_token), request.signal);
      if (tokens?.login !== attempt.tokens.login) return undefined;
      attempt.again.headers.set('Authorization', `Bearer ${tokens.access_token}`);
      return send(attempt.again);
    },
  };
}

interface Call {
  readonly request: Request;
  readonly operation: Operation;
}

/**
 * Sends the request of an operation that gives the session its next tokens, and stores these. A refresh meanwhile would present a
 * refresh token that has just stopped working. A caller who aborts stops waiting; the tokens that come are stored all the same.
 * @throws {LatchkeyError} openapi-fetch hands the response of a request that it has not sent itself to no other middleware.
 */
function exchange(keeper: TokenKeeper, send: Send, { request, operation }: Call): Promise<Response> {
  return keeper.exchange(async ({ tokens, keep, limit }) => {
    request.signal.throwIfAborted(); // while it waited
    const attempt = new Request(request.clone(), limit);
    if (tokens) attempt.headers.set('Authorization', `Bearer ${tokens.access_token}`);
    const response = await send(attempt);
    await checkResponse(response, operation);
    const given = (await response.clone().json()) as Partial<TokenSet> & Pick<ConfirmedTotp, 'tokens'>;
    const next = given.tokens ?? given;
    // Where the access token was in a cookie, there are none.
    if (next.refresh_token !== undefined) await keep(next as TokenSet);
    return response;
  });
}

async function saysInvalidToken(response: Response): Promise<boolean> {
  const body = await response.clone().text();
  try {
    return (JSON.parse(body) as { code?: unknown } | null)?.code === 'invalid_token';
  } catch {
    return false; // not a response of the service
  }
}

/** Rejects on abort, while the promise continues: others may wait for it. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}
