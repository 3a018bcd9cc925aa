import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Logger } from 'pino';
import { clientAddress, isFromTrustedProxy } from './trusted-proxy.js';

/** Who asks, from where: what the audit and the log say of a request. */
export interface RequestContext {
  readonly requestId: string | null;
  readonly address: string | null;
  readonly userAgent: string | null;
}

const acceptableId = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * Gives each request its id: what a trusted proxy sent as X-Request-Id, else a new one. With LOG_LEVEL=debug
 * it logs a line a request.
 */
export function requestIdMiddleware(log: Logger): RequestHandler {
  const logsRequests = log.isLevelEnabled('debug');
  return (request, response, next) => {
    const requestId = ensureRequestId(request);
    if (logsRequests) {
      const { method, path } = request;
      response.once('finish', () => {
        log.debug({ requestId, method, path, status: response.statusCode }, 'request');
      });
    }
    next();
  };
}

/** The request's id. It is made by what asks first: some requests are answered before any middleware. */
export function ensureRequestId(request: Request): string {
  const { requestId } = request as Partial<Pick<Request, 'requestId'>>;
  return requestId ?? (request.requestId = readTrustedRequestId(request) ?? randomUUID());
}

/** What services are told of the request. */
export function contextOf(request: Request): RequestContext {
  return {
    requestId: request.requestId,
    address: clientAddress(request) ?? null,
    userAgent: request.get('User-Agent') ?? null,
  };
}

function readTrustedRequestId(request: Request): string | undefined {
  const given = request.headers['x-request-id'];
  if (typeof given !== 'string' || !acceptableId.test(given)) return undefined;
  // While the service starts there is no app yet, and so no proxy to trust.
  if (!('app' in request)) return undefined;
  return isFromTrustedProxy(request) ? given : undefined;
}
