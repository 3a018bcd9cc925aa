import type { IncomingMessage } from 'node:http';

/** RFC 9110 §4.2: host and port, or empty. */
const hostSyntax = /^[\w.~%!$&'()*+,;=:[\]-]*$/;

/**
 * Checks what Node's parser does not (RFC 9112 §2.3, §3.2 and §6.1).
 * @returns undefined for a valid request.
 */
export function findRequestError(request: IncomingMessage): string | undefined {
  const { httpVersionMajor, httpVersionMinor, headers } = request;
  if (httpVersionMajor !== 1) return 'The service supports HTTP/1.1 and HTTP/1.0.';
  const encoding = headers['transfer-encoding'];
  if (encoding !== undefined && (encoding.toLowerCase() !== 'chunked' || httpVersionMinor === 0)) {
    return 'The only supported Transfer-Encoding is chunked, in HTTP/1.1.';
  }
  return findHostError(request) ?? findTargetError(request);
}

function findHostError({ rawHeaders, headers, httpVersionMinor }: IncomingMessage): string | undefined {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  if (hosts === 0) return httpVersionMinor === 0 ? undefined : 'The request has no Host header.';
  if (hosts > 1) return 'The request has more than one Host header.';
  return hostSyntax.test(headers.host ?? '') ? undefined : 'The Host header is not a host and a port.';
}

function findTargetError({ method, url = '' }: IncomingMessage): string | undefined {
  if (url.startsWith('/') || (url === '*' && method === 'OPTIONS') || isHttpUrl(url)) return undefined;
  return 'The target of the request must be a path, such as /login.';
}

/** Reduces a request target in absolute form (RFC 9112 §3.2.2) to path and query. */
export function convertToOriginForm(request: IncomingMessage): void {
  const { url = '' } = request;
  if (url.startsWith('/') || url === '*') return;
  const { pathname, search } = new URL(url);
  request.url = pathname + search;
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}
