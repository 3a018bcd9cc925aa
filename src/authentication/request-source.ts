import type { Request } from 'express';
import type { Config } from '../config/config.js';

/** `unstated`: the client is not a browser, or is one from before 2020. */
export type RequestSource = 'own page' | 'other site' | 'unstated';

/**
 * The kind of page that sent a request, by headers that browsers set and pages cannot change. The algorithm of Go's
 * `http.CrossOriginProtection`: https://words.filippo.io/csrf/
 */
export function findRequestSource(
  { headers }: Pick<Request, 'headers'>,
  { corsOrigins, issuer }: Pick<Config, 'corsOrigins' | 'issuer'>,
): RequestSource {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  if (origin !== undefined && corsOrigins.includes(origin)) return 'own page';
  if (site !== undefined) return site === 'same-origin' || site === 'none' ? 'own page' : 'other site';
  if (origin === undefined) return 'unstated';
  // Browsers send Sec-Fetch-Site only over HTTPS and to localhost. Proxies may change the host.
  const from = getHost(origin);
  const isOwn = from !== undefined && [host, issuer && getHost(issuer)].includes(from);
  return isOwn ? 'own page' : 'other site';
}

/** @returns undefined for `null`, which a browser sends for an opaque origin. */
function getHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
