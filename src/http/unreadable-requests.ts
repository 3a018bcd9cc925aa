import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ProblemCode } from '../problems/problem-codes.js';
import { Problem, problemDetails } from '../problems/problem.js';
import { STATUS_CODES } from './node-http.js';

/** What Node's parser found, where it is not just a malformed request. */
const codes: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'header_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

/**
 * Answers what is no HTTP request, and so never reaches the app, with a problem like all the others.
 * @param issuer what the problem types' URIs begin with.
 */
export function answerUnreadable(server: Server, issuer: string): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // The client is gone, or has begun to get an answer: a second one would be read as a part of it.
    const { bytesWritten = 0 } = socket as Duplex & { readonly bytesWritten?: number };
    if (error.code === 'ECONNRESET' || !socket.writable || bytesWritten > 0) {
      socket.destroy();
      return;
    }
    const problem = new Problem(codes[error.code ?? ''] ?? 'bad_request');
    const body = JSON.stringify(problemDetails(problem, issuer));
    socket.end(
      [
        `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
        'Content-Type: application/problem+json; charset=utf-8',
        `Content-Length: ${Buffer.byteLength(body)}`,
        'Cache-Control: no-store',
        'X-Content-Type-Options: nosniff',
        `X-Request-Id: ${randomUUID()}`,
        'Connection: close',
        '',
        body,
      ].join('\r\n'),
    );
  });
}
