import type { Request, RequestHandler } from 'express';
import type { Logger } from 'pino';
import { getClientAddress } from '../http/trusted-proxy.js';
import type { Metrics } from './metrics.js';
import type { RequestCounts } from './request-counts.js';

interface Dependencies {
  readonly metrics: Metrics;
  readonly requestCounts: RequestCounts;
  readonly log: Logger;
  /** Whether each request is logged at `info`; otherwise it is at `debug`. */
  readonly logsRequests: boolean;
}

/** Requests for none of the contract's operations. A path would be what clients choose. */
const otherOperation = 'other';
/** nginx's number for a client that left before its response: RFC 9110 has none. */
const clientLeft = 499;

/** Creates the middleware that counts, times and logs each request when it has ended. */
export function createRequestObserver({
  metrics,
  requestCounts,
  log,
  logsRequests,
}: Dependencies): RequestHandler {
  const observers = new Map<string, (seconds: number) => void>();
  const observe = (operation: string, seconds: number): void => {
    let observer = observers.get(operation);
    if (!observer) {
      observer = metrics.observer('requestDuration', { operation });
      observers.set(operation, observer);
    }
    observer(seconds);
  };
  const level = logsRequests ? 'info' : 'debug';
  const isLogging = log.isLevelEnabled(level);
  return (request, response, next) => {
    const begunAt = performance.now();
    response.on('close', () => {
      const milliseconds = performance.now() - begunAt;
      const status = response.headersSent ? response.statusCode : clientLeft;
      const { id, isStream } = request.operation ?? { id: otherOperation, isStream: false };
      requestCounts.add(id, status);
      if (!isStream) observe(id, milliseconds / 1000);
      if (isLogging) log[level](describeRequest(request, id, status, milliseconds), 'request');
    });
    next();
  };
}

function describeRequest(
  request: Request,
  operation: string,
  status: number,
  milliseconds: number,
): Readonly<Record<string, unknown>> {
  const { requestId, method, path, caller } = request;
  return {
    requestId,
    operation,
    method,
    path,
    status,
    milliseconds: Math.round(milliseconds * 10) / 10,
    ...(caller && { [caller.sessionId === undefined ? 'clientId' : 'userId']: caller.subject }),
    address: getClientAddress(request),
  };
}
