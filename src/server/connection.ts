import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { problemDetails, type Problem } from '../problems/problem.js';
import { commonHeaders } from '../http/common-headers.js';
import { STATUS_CODES } from '../http/node-http.js';

/** What Node knows of a connection. Only how its errors are answered depends on it. */
interface ServerSocket extends Socket {
  /** The response whose turn it is. */
  readonly _httpMessage?: ServerResponse | null;
  readonly parser?: { readonly incoming: IncomingMessage | null } | null;
}

/** How long a connection that has its last response goes on being read, in milliseconds. */
const linger = 1000;

/** The response that is being sent on a connection, or that is waited for. */
export function getResponse(socket: Duplex): ServerResponse | undefined {
  return (socket as Partial<ServerSocket>)._httpMessage ?? undefined;
}

/** The request of which a part is still to come; only once its head has come. */
export function getUnfinishedRequest(socket: Duplex): IncomingMessage | undefined {
  const incoming = (socket as Partial<ServerSocket>).parser?.incoming;
  return incoming && !incoming.complete ? incoming : undefined;
}

/** A problem as bytes: for connections on which Node has made no response. */
export function formatProblemResponse(problem: Problem, issuer: string): string {
  const body = JSON.stringify(problemDetails(problem, issuer));
  const headers = [
    ...commonHeaders,
    ...Object.entries(problem.headers),
    ['Content-Type', 'application/problem+json; charset=utf-8'],
    ['Content-Length', String(Buffer.byteLength(body))],
    ['Date', new Date().toUTCString()],
    ['X-Request-Id', randomUUID()],
    ['Connection', 'close'],
  ];
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    ...headers.map(([name = '', value = '']) => `${name}: ${value}`),
    '',
    body,
  ].join('\r\n');
}

/**
 * Sends the last bytes of a connection and ends it, whether or not the client does. For a moment what still comes is
 * read and thrown away: a byte that nobody reads makes the kernel reset the connection, and that can destroy the
 * response on its way (RFC 9112 §9.6).
 */
export function endWithBytes(stream: Duplex, bytes: string): void {
  stream.removeAllListeners('data');
  // Takes what comes away from Node's parser, too: a request from here on would be carried out without an answer.
  stream.on('data', () => undefined);
  stream.once('end', () => {
    destroySoon(stream);
  });
  const destroy = setTimeout(() => stream.destroy(), linger);
  stream.once('close', () => {
    clearTimeout(destroy);
  });
  stream.end(bytes);
}

/** Ends a connection once what was written to it has gone out. */
export function destroySoon(stream: Duplex): void {
  stream.end();
  if (stream.writableFinished) stream.destroy();
  else stream.once('finish', () => stream.destroy());
}
