import type { Request } from 'express';
import type { Config } from '../config/config.js';

/** `unstated`: by what is no browser, or one from before 2020. */
export type RequestSource = 'own page' | 'other site' | 'unstated';

/**
 * What kind of page a browser says that a request comes from: no page can change these headers. As Go's
 * `http.CrossOriginProtection` has it: https://words.filippo.io/csrf/
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
  // Browsers send the other header over HTTPS and to this machine alone. Proxies may change the host.
  const from = getHost(origin);
  const isOwn = from !== undefined && [host, issuer && getHost(issuer)].includes(from);
  return isOwn ? 'own page' : 'other site';
}

/** @returns undefined for `null`, as the origin of a page is called that is not to say it. */
function getHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
