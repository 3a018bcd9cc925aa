import type { RequestHandler } from 'express';

const documents = ['oauth-authorization-server', 'openid-configuration'];

/**
 * If an issuer has a path, clients look for its metadata at `/.well-known/<document><path>` of the host (RFC 8414 §3.1).
 * @returns middleware that rewrites such requests to the document's path; undefined if the issuer has no path.
 */
export function createWellKnownPathMiddleware(issuer: string): RequestHandler | undefined {
  const { pathname } = new URL(issuer);
  if (pathname === '/') return undefined;
  const targets = new Map(
    documents.map((name) => [`/.well-known/${name}${pathname}`, `/.well-known/${name}`]),
  );
  return (request, _response, next) => {
    const target = targets.get(request.path);
    if (target !== undefined) request.url = target + request.url.slice(request.path.length);
    next();
  };
}
