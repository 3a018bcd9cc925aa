import type { Request } from 'express';
import proxyaddr from 'proxy-addr';
import { parseAddress, canonicalizeAddress } from './addresses.js';

/** One or more segments, without dots alone among them, and nothing that another reader could take for more. */
const prefixSyntax = /^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._~-]+)+$/;
const maxPrefixLength = 200;

type Trust = (address: string, hop: number) => boolean;

/**
 * Whom Express is to trust: a proxy with a port or a zone behind its address is the same proxy. The address itself is
 * taken as it is: 6to4 and the like let anybody bear a private IPv4 address.
 * @param proxies as \`LATCHKEY_TRUSTED_PROXIES\` names them.
 */
export function createTrust(proxies: readonly string[]): Trust {
  const isTrusted = proxyaddr.compile([...proxies]);
  return (given, hop) => {
    const address = parseAddress(given);
    return address !== undefined && isTrusted(address, hop);
  };
}

/**
 * Where the request came from: the nearest address that is no trusted proxy's. What a proxy sends that is no address (such as
 * \`unknown\`) counts for nothing: whoever it hides has the proxy's.
 * @returns undefined where the socket has none: it is a Unix socket, or was closed.
 */
export function clientAddress(request: Request): string | undefined {
  const hops = proxyaddr.all(request, trustOf(request)) as readonly (string | undefined)[];
  const address = hops.map((hop) => parseAddress(hop ?? '')).findLast((each) => each !== undefined);
  return address === undefined ? undefined : canonicalizeAddress(address);
}

/** Whether the request came from a proxy that `LATCHKEY_TRUSTED_PROXIES` names. */
export function isFromTrustedProxy(request: Request): boolean {
  return trustOf(request)(request.socket.remoteAddress ?? '', 0);
}

function trustOf({ app }: Request): Trust {
  return app.get('trust proxy fn') as Trust;
}

/**
 * Below which path a trusted proxy serves the service: `/auth`, which the proxy has taken away before.
 * @returns the empty string where there is none, or something that cannot be one.
 */
export function forwardedPrefix(request: Request): string {
  const given = request.get('X-Forwarded-Prefix')?.replace(/\/$/, '');
  if (given === undefined || given.length > maxPrefixLength || !prefixSyntax.test(given)) return '';
  return isFromTrustedProxy(request) ? given : '';
}
