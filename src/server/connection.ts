import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { toProblemDetails, type Problem } from '../problems/problem.js';
import { commonHeaders } from '../http/common-headers.js';
import { STATUS_CODES } from '../http/node-http.js';

/** Node's internal state of a connection. Only used to respond to malformed requests. */
interface ServerSocket extends Socket {
  /** The current response. */
  readonly _httpMessage?: ServerResponse | null;
  readonly parser?: { readonly incoming: IncomingMessage | null } | null;
}

/** Milliseconds in which a connection is still read after its last response. */
const linger = 1000;

/** The response that is being sent or prepared on a connection. */
export function getResponse(socket: Duplex): ServerResponse | undefined {
  return (socket as Partial<ServerSocket>)._httpMessage ?? undefined;
}

/** The request whose headers have arrived, but not all of its body. */
export function getUnfinishedRequest(socket: Duplex): IncomingMessage | undefined {
  const incoming = (socket as Partial<ServerSocket>).parser?.incoming;
  return incoming && !incoming.complete ? incoming : undefined;
}

/** For connections on which Node has created no response. */
export function formatProblemResponse(problem: Problem, issuer: string): string {
  const body = JSON.stringify(toProblemDetails(problem, issuer));
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
 * Sends the last bytes of a connection and closes it. For a moment, incoming bytes are read and discarded: with unread bytes
 * the kernel resets the connection, and the client may lose the response (RFC 9112 §9.6).
 */
export function endWithBytes(stream: Duplex, bytes: string): void {
  stream.removeAllListeners('data');
  // Keeps bytes from Node's parser: a further request would be executed without a response.
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

/** Ends the connection with the response that is sent next, although its client goes on sending a body. */
export function endAfterResponse(response: ServerResponse): void {
  const { socket } = response;
  response.shouldKeepAlive = false;
  // Node calls it after the last response of a connection, and would close it with bytes unread.
  if (socket) {
    socket.destroySoon = () => {
      endWithBytes(socket, '');
    };
  }
}

/** Closes a connection after everything written to it was sent. */
export function destroySoon(stream: Duplex): void {
  stream.end();
  if (stream.writableFinished) stream.destroy();
  else stream.once('finish', () => stream.destroy());
}
