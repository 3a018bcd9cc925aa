import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { RequestContext } from '../audit/audit.store.js';
import { isFromTrustedProxy } from './trusted-proxy.js';

const acceptableId = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * Gives each request its id: what a trusted proxy sent as X-Request-Id, else a new one. With LOG_LEVEL=debug
 * it logs a line a request.
 */
export function identifyRequests(log: Logger): RequestHandler {
  const logsRequests = log.isLevelEnabled('debug');
  return (request, response, next) => {
    request.requestId = givenId(request) ?? randomUUID();
    if (logsRequests) {
      const { method, path } = request;
      response.once('finish', () => {
        log.debug({ requestId: request.requestId, method, path, status: response.statusCode }, 'request');
      });
    }
    next();
  };
}

/** What services are told of the request. */
export function contextOf(request: Request): RequestContext {
  return {
    requestId: request.requestId,
    address: request.ip ?? null,
    userAgent: request.get('User-Agent') ?? null,
  };
}

function givenId(request: Request): string | undefined {
  const given = request.get('X-Request-Id');
  if (given === undefined || !acceptableId.test(given)) return undefined;
  return isFromTrustedProxy(request) ? given : undefined;
}
