import type { Request } from 'express';

/** One or more segments, without dots alone among them, and nothing that another reader could take for more. */
const prefixSyntax = /^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._~-]+)+$/;
const longestPrefix = 200;

/** Whether the request came from a proxy that `LATCHKEY_TRUSTED_PROXIES` names. */
export function isFromTrustedProxy({ app, socket }: Request): boolean {
  const isTrusted = app.get('trust proxy fn') as (address: string, hop: number) => boolean;
  return isTrusted(socket.remoteAddress ?? '', 0);
}

/**
 * Below which path a trusted proxy serves the service: `/auth`, which the proxy has taken away before.
 * @returns the empty string where there is none, or something that cannot be one.
 */
export function forwardedPrefix(request: Request): string {
  const given = request.get('X-Forwarded-Prefix')?.replace(/\/$/, '');
  if (given === undefined || given.length > longestPrefix || !prefixSyntax.test(given)) return '';
  return isFromTrustedProxy(request) ? given : '';
}
