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

/** What Node's parser found, where it is not just a malformed request. */
const codes: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'header_too_large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'payload_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

/**
 * Answers what is no HTTP request, and so never reaches the app, with a problem like all the others, and ends its
 * connection.
 * @param issuer what the problem types' URIs begin with.
 * @param sendProblem answers a request whose head was read, and whose body cannot be.
 */
export function handleUnreadableRequests(
  server: Server,
  issuer: () => string,
  sendProblem: (problem: Problem, response: ServerResponse) => void,
): void {
  /** Connections that have had their last response, or are to have it. What else is wrong with them does not matter. */
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
    // The body of a request that was answered without it: a second answer would be taken for the next request's.
    else if (unfinished) socket.destroy();
    else endWithBytes(socket, formatProblemResponse(problem, issuer()));
  });

  // The service is no proxy (RFC 9110 §9.3.6). Node hands over the connection without anything that listens to its errors.
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    const problem = new Problem('method_not_allowed', {
      detail: 'The service is no proxy: it does not answer CONNECT.',
      headers: { Allow: '' },
    });
    const response = getResponse(socket);
    if (!response) endWithBytes(socket, formatProblemResponse(problem, issuer()));
    else {
      // Nor with what tells a response that it may go on.
      socket.on('drain', () => response.emit('drain'));
      response.shouldKeepAlive = false;
      endOnceSent(response, socket);
    }
  });
}

/** Ends a connection on which a response is waited for or under way: nothing may come between its parts. */
function endAfter(
  response: ServerResponse,
  socket: Duplex,
  unfinished: IncomingMessage | undefined,
  refuse: () => void,
): void {
  if (!response.headersSent) {
    response.shouldKeepAlive = false;
    if (response.req === unfinished) refuse();
  } else endOnceSent(response, socket);
}

/** Ends a connection with the response that is under way. */
function endOnceSent(response: ServerResponse, socket: Duplex): void {
  // A stream goes on for as long as its reader behaves.
  const ends = !response.headersSent || response.writableEnded || response.hasHeader('Content-Length');
  if (!ends) socket.destroy();
  else
    response.once('finish', () => {
      destroySoon(socket);
    });
}
