import type { OutgoingHttpHeaders } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import { ServerResponse } from './node-http.js';
import { ensureRequestId } from './request-context.js';

export type Header = readonly [name: string, value: string];

const requestId = 'X-Request-Id';

/**
 * Sends headers, and the request's id, with every answer, whatever answers. They are written together with the answer's
 * own: to set them one by one beforehand takes as long as half of all that a request takes. Where an answer sets
 * one of them itself, its own counts.
 * @param overHttps those that are sent over HTTPS alone: browsers have to ignore them elsewhere (RFC 6797 §8.1).
 */
export function setDefaultHeaders(
  app: { readonly response: Pick<Response, 'writeHead'> },
  headers: readonly Header[],
  overHttps: readonly Header[] = [],
): void {
  // Called with the response as its `this`.
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const { writeHead } = ServerResponse.prototype;
  const list = headers.flat();
  const secureHeaders = [...headers, ...overHttps];
  const secureList = secureHeaders.flat();
  const names = new Set(
    [requestId, ...secureHeaders.map(([name]) => name)].map((name) => name.toLowerCase()),
  );

  /** However an answer is made, Node calls this for its head. */
  app.response.writeHead = function (this: Response, status: number, ...rest: [unknown?, unknown?]) {
    const [own] = rest;
    const isSecure = overHttps.length > 0 && isOverHttps(this.req);
    if (Array.isArray(own) && this.getHeaderNames().length === 0 && !includesAnyName(names, own)) {
      return writeHead.call(this, status, [
        ...(isSecure ? secureList : list),
        requestId,
        ensureRequestId(this.req),
        ...(own as string[]),
      ]);
    }
    for (const [name, value] of isSecure ? secureHeaders : headers)
      if (!this.hasHeader(name)) this.setHeader(name, value);
    if (!this.hasHeader(requestId)) this.setHeader(requestId, ensureRequestId(this.req));
    return writeHead.call(this, status, ...(rest as [OutgoingHttpHeaders]));
  } as Response['writeHead'];
}

/** As the connection is, or a trusted proxy says that the client's was. */
function isOverHttps(request: Request): boolean {
  return (
    (request.headers['x-forwarded-proto'] !== undefined || 'encrypted' in request.socket) && request.secure
  );
}

/** @param list names and values in turn. */
function includesAnyName(names: ReadonlySet<string>, list: readonly unknown[]): boolean {
  for (let index = 0; index < list.length; index += 2) {
    if (names.has(String(list[index]).toLowerCase())) return true;
  }
  return false;
}

/** What a middleware sets, the same for every request: it is asked once. */
export function captureHeaders(middleware: RequestHandler): Header[] {
  const headers = new Map<string, string>();
  const response = {
    setHeader: (name: string, value: string) => headers.set(name, value),
    removeHeader: (name: string) => headers.delete(name),
  };
  const request: unknown = {};
  void middleware(request as Request, response as unknown as Response, (error?: unknown) => {
    if (error !== undefined) throw new Error('The headers of every answer cannot be made.', { cause: error });
  });
  return [...headers];
}
