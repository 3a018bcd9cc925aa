import type { Request, RequestHandler } from 'express';
import type { Logger } from 'pino';
import { getClientAddress } from '../http/trusted-proxy.js';
import { otherOperation } from './request-metrics.js';

/** nginx's number for a client that left before its response: RFC 9110 has none. */
const clientLeft = 499;

/**
 * Creates the middleware that logs each request when it has ended; undefined where the level of the log is above.
 * @param level of these lines.
 */
export function createRequestLogMiddleware(log: Logger, level: 'info' | 'debug'): RequestHandler | undefined {
  if (!log.isLevelEnabled(level)) return undefined;
  return (request, response, next) => {
    // A closed connection has none.
    const address = getClientAddress(request);
    response.on('close', () => {
      const status = response.headersSent ? response.statusCode : clientLeft;
      log[level]({ ...describeRequest(request, status), address }, 'request');
    });
    next();
  };
}

function describeRequest(request: Request, status: number): Readonly<Record<string, unknown>> {
  const { requestId, operation = otherOperation, method, path, caller, login, arrivedAt, traceId } = request;
  return {
    requestId,
    operation: operation.id,
    method,
    path,
    status,
    milliseconds: Math.round((performance.now() - arrivedAt) * 10) / 10,
    ...(login?.userId !== undefined && { userId: login.userId }),
    ...(caller && { [caller.sessionId === undefined ? 'clientId' : 'userId']: caller.subject }),
    ...(traceId !== undefined && { traceId }),
  };
}
