import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ProblemCode } from '../problems/problem-codes.js';
import { Problem } from '../problems/problem.js';
import {
  destroySoon,
  endWithBytes,
  formatProblemResponse,
  getResponse,
  getUnfinishedRequest,
} from './connection.js';

/** Errors of Node's parser. All others are `bad_request`. */
const codes: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'header_too_large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'payload_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

const unfinishedDetail = 'The body of the request did not arrive.';

/**
 * Responds with a problem to malformed requests, which never reach the app, and closes their connection.
 * @param issuer the start of the `type` URIs.
 * @param sendProblem for requests with valid headers and a malformed body.
 */
export function handleUnreadableRequests(
  server: Server,
  issuer: () => string,
  sendProblem: (problem: Problem, response: ServerResponse) => void,
): void {
  /** Connections with their last response: further errors on them are ignored. */
  const ending = new WeakSet<Duplex>();

  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (ending.has(socket)) {
      if (socket.readableEnded) destroySoon(socket);
      return;
    }
    ending.add(socket);
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const problem = new Problem(codes[error.code ?? ''] ?? 'bad_request');
    const response = getResponse(socket);
    const unfinished = getUnfinishedRequest(socket);
    if (response)
      endAfter(response, socket, unfinished, () => {
        sendProblem(problem, response);
      });
    // This request already got its response: a second one would be taken for the response to the next request.
    else if (unfinished) socket.destroy();
    else endWithBytes(socket, formatProblemResponse(problem, issuer()));
  });

  // The service is not a proxy (RFC 9110 §9.3.6). Node has removed its error listener from this socket.
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    const problem = new Problem('method_not_allowed', {
      detail: 'The service is not a proxy: it does not support CONNECT.',
      headers: { Allow: '' },
    });
    const response = getResponse(socket);
    if (!response) endWithBytes(socket, formatProblemResponse(problem, issuer()));
    else {
      // Node has removed its drain listener, too.
      socket.on('drain', () => response.emit('drain'));
      response.shouldKeepAlive = false;
      endOnceSent(response, socket);
    }
  });
}

/** Closes a connection after its current response: nothing may be written in between. */
function endAfter(
  response: ServerResponse,
  socket: Duplex,
  unfinished: IncomingMessage | undefined,
  refuse: () => void,
): void {
  // What still reads the request, a project's own middleware too, would wait for its end for ever.
  response.once('close', () => unfinished?.destroy(new Problem('bad_request', { detail: unfinishedDetail })));
  if (!response.headersSent) {
    response.shouldKeepAlive = false;
    if (response.req === unfinished) refuse();
  } else endOnceSent(response, socket);
}

/** Closes a connection after the response that is being sent. */
function endOnceSent(response: ServerResponse, socket: Duplex): void {
  // A response without a length, such as an event stream, may never end.
  const ends = !response.headersSent || response.writableEnded || response.hasHeader('Content-Length');
  if (!ends) socket.destroy();
  else
    response.once('finish', () => {
      destroySoon(socket);
    });
}
