import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Express, Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import { Problem } from '../problems/problem.js';
import { getResponse } from './connection.js';
import { limitConnections } from './connection-limits.js';
import { createExpressMessages } from './express-messages.js';
import { createServer } from '../http/node-http.js';
import { sendProblem } from './problem-handler.js';
import { findRequestError, convertToOriginForm } from '../http/request-target.js';
import { commonHeaders } from '../http/common-headers.js';
import { setDefaultHeaders } from '../http/response-headers.js';
import { createStartingHandler } from './starting-handler.js';
import { handleUnreadableRequests } from './unreadable-requests.js';

export interface HttpServer {
  /** Not listening yet. Until it serves an app, it says that the service is starting. */
  readonly server: Server;
  /**
   * Hands the requests to an app.
   * @param outer what passes them on to it, where something is in front of it.
   */
  readonly serve: (app: Express, outer?: Express) => void;
  /** Has each connection end with the response that is in flight on it, or else with its next one. */
  readonly endConnections: () => void;
}

interface HttpServerOptions {
  readonly config: Pick<Config, 'requestTimeout' | 'keepAliveTimeout' | 'maxConnections'>;
  readonly log: Logger;
  /** What the types of problems begin with; asked for each. */
  readonly issuer: () => string;
}

/** How often Node looks for requests that take too long, in milliseconds. */
const checkEvery = 1000;
/** How many requests may wait on one connection for the response to the one before. */
const maxPipelinedRequests = 100;

/**
 * The server on the port: the app's requests go to the app, one at a time on each connection, and whatever else comes
 * from a socket is answered here. Node answers nothing by itself.
 */
export function createHttpServer({ config, log, issuer }: HttpServerOptions): HttpServer {
  const { messages, adopt } = createExpressMessages();
  // The app's own take its place.
  setDefaultHeaders({ response: messages.ServerResponse.prototype as Response }, commonHeaders);
  const refuse = (problem: Problem, response: ServerResponse): void => {
    response.shouldKeepAlive = false;
    sendProblem(problem, response as Response, issuer());
  };
  let handle: RequestHandler = createStartingHandler(issuer);

  /** What the app itself could not answer. Express would answer it with a page of HTML. */
  const handleUnansweredError = (error: unknown, response: ServerResponse): void => {
    if (response.headersSent) response.destroy();
    else {
      log.error({ err: error }, 'the app did not answer a request');
      refuse(new Problem('internal_error'), response);
    }
  };
  const handleRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const fault = findRequestError(request);
    if (fault !== undefined) refuse(new Problem('bad_request', { detail: fault }), response);
    else {
      convertToOriginForm(request);
      void handle(request as Request, response as Response, (error: unknown) => {
        handleUnansweredError(error, response);
      });
    }
  };
  const server = createServer(
    {
      ...messages,
      requireHostHeader: false, // requestFault says more than an empty 400
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
  handleUnreadableRequests(server, issuer, refuse);
  const connections = limitConnections(server, config, log);
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
 * Has pipelined requests wait for their turn: a client could otherwise have more answers made than it ever reads, a
 * thousand from one packet.
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
    // Given to it when the response before has gone out.
    response.once('socket', () => {
      waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
      setImmediate(() => {
        if (!response.destroyed) handleRequest(request, response);
      });
    });
  };
}
