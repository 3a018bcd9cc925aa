import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { getClientAddress, isFromTrustedProxy } from './trusted-proxy.js';

/** Where a request comes from, for the audit and the log. */
export interface RequestContext {
  readonly requestId: string | null;
  readonly address: string | null;
  readonly userAgent: string | null;
  /** Is told who has logged in by the request. */
  readonly onLogin?: (userId: string) => void;
}

/** The maximum stored length of an address and of a `User-Agent`. */
const maxStoredLength = 255;

const acceptableId = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * Gives each request its id: the X-Request-Id of a trusted proxy, or a new one.
 */
export function createRequestIdMiddleware(): RequestHandler {
  return (request, _response, next) => {
    ensureRequestId(request);
    next();
  };
}

/** Creates the id on the first call: some requests get a response before any middleware runs. */
export function ensureRequestId(request: Request): string {
  const { requestId } = request as Partial<Pick<Request, 'requestId'>>;
  return requestId ?? (request.requestId = readTrustedRequestId(request) ?? randomUUID());
}

export function getRequestContext(request: Request): RequestContext {
  // Contexts are kept for longer than requests, whose bodies have passwords: this one must not hold its request.
  const login = (request.login ??= {});
  return {
    requestId: request.requestId,
    address: getClientAddress(request) ?? null,
    userAgent: request.get('User-Agent') ?? null,
    onLogin: (userId) => {
      login.userId = userId;
    },
  };
}

/** As it is stored. A header may have tabs and any non-ASCII byte; terminals may show this. */
export function toStoredClient({ address, userAgent }: Pick<RequestContext, 'address' | 'userAgent'>): {
  readonly address: string | null;
  readonly user_agent: string | null;
} {
  return {
    address: address?.slice(0, maxStoredLength) ?? null,
    user_agent: userAgent?.replaceAll(/\p{Cc}/gu, ' ').slice(0, maxStoredLength) ?? null,
  };
}

function readTrustedRequestId(request: Request): string | undefined {
  const given = request.headers['x-request-id'];
  if (typeof given !== 'string' || !acceptableId.test(given)) return undefined;
  // While the service starts there is no app yet, and so no trusted proxy.
  if (!('app' in request)) return undefined;
  return isFromTrustedProxy(request) ? given : undefined;
}
