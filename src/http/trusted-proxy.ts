import type { Request, RequestHandler } from 'express';
import proxyaddr from 'proxy-addr';
import { parseAddress, canonicalizeAddress } from './addresses.js';

/** One or more path segments, none of them `.` or `..`, without characters that need escaping. */
const prefixSyntax = /^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._~-]+)+$/;
const maxPrefixLength = 200;

type Trust = (address: string, hop: number) => boolean;

/**
 * Express's trust function. It ignores the port and the zone of a proxy's address, but does not extract embedded IPv4
 * addresses: with 6to4 and the like, anyone can have an address that embeds a private one.
 * @param proxies `LATCHKEY_TRUSTED_PROXIES`.
 */
export function createTrust(proxies: readonly string[]): Trust {
  const isTrusted = proxyaddr.compile([...proxies]);
  return (given, hop) => {
    const address = parseAddress(given);
    return address !== undefined && isTrusted(address, hop);
  };
}

/**
 * The client's address: the nearest one that is not a trusted proxy's. Values that are not addresses, such as `unknown`, are
 * skipped: that client gets the proxy's address.
 * @returns undefined where the socket has no address: it is a Unix socket, or was closed.
 */
export function getClientAddress(request: Request): string | undefined {
  const hops = proxyaddr.all(request, getTrust(request)) as readonly (string | undefined)[];
  const address = hops.map((hop) => parseAddress(hop ?? '')).findLast((each) => each !== undefined);
  return address === undefined ? undefined : canonicalizeAddress(address);
}

/** Whether the request came from a proxy in `LATCHKEY_TRUSTED_PROXIES`. */
export function isFromTrustedProxy(request: Request): boolean {
  return getTrust(request)(request.socket.remoteAddress ?? '', 0);
}

const isNear = createTrust(['loopback', 'linklocal', 'uniquelocal']);

/**
 * Finds a proxy that was forgotten in `LATCHKEY_TRUSTED_PROXIES`: a loopback or private address that is not trusted and sends
 * X-Forwarded-For, or Forwarded (RFC 7239). Clients of their own send neither, as a rule.
 * @param warn is called once, because it is a setting that is wrong, and not a request.
 */
export function createForgottenProxyMiddleware(warn: (address: string) => void): RequestHandler {
  let isDone = false;
  // A proxy has few addresses: none is looked at twice in a row.
  let last: string | undefined;
  return (request, _response, next) => {
    const { headers, socket } = request;
    if (!isDone && (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined)) {
      const address = socket.remoteAddress;
      if (address !== undefined && address !== last) {
        last = address;
        isDone = isNear(address, 0) && !isFromTrustedProxy(request);
        if (isDone) warn(canonicalizeAddress(parseAddress(address) ?? address));
      }
    }
    next();
  };
}

function getTrust({ app }: Request): Trust {
  return app.get('trust proxy fn') as Trust;
}

/**
 * The path prefix at which a trusted proxy serves the service, such as `/auth`, and which it removes from requests.
 * @returns the empty string where there is none, or an invalid one.
 */
export function getForwardedPrefix(request: Request): string {
  const given = request.get('X-Forwarded-Prefix')?.replace(/\/$/, '');
  if (given === undefined || given.length > maxPrefixLength || !prefixSyntax.test(given)) return '';
  return isFromTrustedProxy(request) ? given : '';
}
