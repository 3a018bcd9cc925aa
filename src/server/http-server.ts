import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Express, Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import { OutageLog } from '../database/outage-log.js';
import { createOpenFilesProblem, isOutOfFiles, openFilesSubject } from '../problems/open-files.js';
import { Problem } from '../problems/problem.js';
import { getResponse } from './connection.js';
import { computeMaxConnections, limitConnections } from './connection-limits.js';
import { createExpressMessages } from './express-messages.js';
import { createServer } from '../http/node-http.js';
import { sendProblem } from './problem-handler.js';
import { findRequestError, convertToOriginForm } from '../http/request-target.js';
import { commonHeaders } from '../http/common-headers.js';
import { setDefaultHeaders } from '../http/response-headers.js';
import { createStartingHandler } from './starting-handler.js';
import { handleUnreadableRequests } from './unreadable-requests.js';

export interface HttpServer {
  /** Not listening yet. Until `serve` is called, it responds that the service is starting. */
  readonly server: Server;
  /**
   * Starts to serve an app.
   * @param outer an app in front of it, which passes requests on.
   */
  readonly serve: (app: Express, outer?: Express) => void;
  /** Closes each connection after its current response, or else after its next one. */
  readonly endConnections: () => void;
}

interface HttpServerOptions {
  readonly config: Pick<Config, 'requestTimeout' | 'keepAliveTimeout' | 'maxConnections'>;
  readonly log: Logger;
  /** The start of the `type` URIs of problems. */
  readonly issuer: () => string;
}

/** Milliseconds between Node's checks for slow requests. */
const checkEvery = 1000;
/** How many pipelined requests may wait on one connection. */
const maxPipelinedRequests = 100;

/**
 * The HTTP server: passes requests to the app, one at a time per connection, and responds to everything else, such as
 * malformed requests. Node sends no responses of its own.
 */
export function createHttpServer({ config, log, issuer }: HttpServerOptions): HttpServer {
  const { messages, adopt } = createExpressMessages();
  // `adopt` replaces it by the app's.
  setDefaultHeaders({ response: messages.ServerResponse.prototype as Response }, commonHeaders);
  const refuse = (problem: Problem, response: ServerResponse): void => {
    response.shouldKeepAlive = false;
    sendProblem(problem, response as Response, issuer());
  };
  const outages = new OutageLog(log);
  let handle: RequestHandler = createStartingHandler(issuer);

  /** Errors outside of the app's error handler. Express would respond with an HTML page. */
  const handleUncaughtError = (error: unknown, response: ServerResponse): void => {
    if (response.headersSent) response.destroy();
    else if (isOutOfFiles(error)) {
      outages.recordFailure(openFilesSubject, error);
      refuse(createOpenFilesProblem(error), response);
    } else {
      log.error({ err: error }, 'the app sent no response to a request');
      refuse(new Problem('internal_error'), response);
    }
  };
  const handleRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const detail = findRequestError(request);
    if (detail !== undefined) refuse(new Problem('bad_request', { detail }), response);
    else {
      convertToOriginForm(request);
      void handle(request as Request, response as Response, (error: unknown) => {
        handleUncaughtError(error, response);
      });
    }
  };
  const server = createServer(
    {
      ...messages,
      requireHostHeader: false, // findRequestError says more than an empty 400
      requestTimeout: config.requestTimeout * 1000,
      headersTimeout: config.requestTimeout * 1000,
      keepAliveTimeout: config.keepAliveTimeout * 1000,
      connectionsCheckingInterval: checkEvery,
    },
    serializePipelinedRequests(handleRequest),
  );
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    refuse(new Problem('expectation_failed'), response);
  });
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    delayContinue(request, response);
    server.emit('request', request, response);
  });
  handleUnreadableRequests(server, issuer, refuse);
  const connections = limitConnections(
    server,
    {
      maxConnections: config.maxConnections ?? computeMaxConnections(),
      requestTimeout: config.requestTimeout,
      serving: 'LATCHKEY_MAX_CONNECTIONS',
    },
    log,
  );
  return {
    server,
    serve: (app, outer = app) => {
      adopt(app);
      handle = outer;
    },
    endConnections: () => {
      for (const socket of connections) {
        const response = getResponse(socket);
        if (response) response.shouldKeepAlive = false;
      }
      server.prependListener('request', (_request, response) => {
        response.shouldKeepAlive = false;
      });
    },
  };
}

/**
 * Sends `100 Continue` when the body is about to be read: a refused client need not send it. RFC 9110 §10.1.1: such a
 * connection ends, since the client may send the body, or another request.
 */
function delayContinue(request: IncomingMessage, response: ServerResponse): void {
  const { shouldKeepAlive } = response;
  response.shouldKeepAlive = false;
  request._read = (size) => {
    Reflect.deleteProperty(request, '_read');
    if (!response.headersSent) {
      response.shouldKeepAlive = shouldKeepAlive;
      response.writeContinue();
    }
    request._read(size);
  };
}

/**
 * Handles pipelined requests one after another: one packet could otherwise cause a thousand responses that the client never
 * reads.
 */
function serializePipelinedRequests(
  handleRequest: (request: IncomingMessage, response: ServerResponse) => void,
): (request: IncomingMessage, response: ServerResponse) => void {
  const waiting = new WeakMap<object, number>();
  return (request, response) => {
    if (response.socket) {
      handleRequest(request, response);
      return;
    }
    const { socket } = request;
    const count = (waiting.get(socket) ?? 0) + 1;
    if (count > maxPipelinedRequests) {
      socket.destroy();
      return;
    }
    waiting.set(socket, count);
    // A response gets its socket after the previous response was sent.
    response.once('socket', () => {
      waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
      setImmediate(() => {
        if (!response.destroyed) handleRequest(request, response);
      });
    });
  };
}
