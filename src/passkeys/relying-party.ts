import { isIP } from 'node:net';
import type { Config } from '../config/config.js';
import { getDomain, isOriginOf, noPasskeys } from '../config/passkey-settings.js';

/** Who passkeys are made for (WebAuthn §5.4.2): a domain, and the origins of the pages that may use them. */
export interface RelyingParty {
  /** A domain, without a port. A passkey works for it alone, so it must not change. */
  readonly id: string;
  readonly origins: readonly string[];
}

/**
 * By the settings, or derived.
 * @param urls of the service and of its application; those that browsers have no passkeys for are left out.
 * @returns undefined where there are no passkeys.
 */
export function createRelyingParty(
  { passkeyRpId, passkeyOrigins }: Pick<Config, 'passkeyRpId' | 'passkeyOrigins'>,
  urls: readonly string[],
): RelyingParty | undefined {
  if (passkeyRpId === noPasskeys) return undefined;
  const candidates =
    passkeyOrigins.length > 0
      ? passkeyOrigins
      : [...new Set(urls.map(derivePageOrigin).filter((origin) => origin !== undefined))];
  const id = passkeyRpId ?? candidates.map(getDomain).find((domain) => domain !== undefined);
  if (id === undefined) return undefined;
  const origins = candidates.filter((origin) => isOriginOf(id, origin));
  return origins.length > 0 ? { id, origins } : undefined;
}

/** Browsers have passkeys over HTTPS, and on this machine by the name `localhost`; for addresses they have none. */
function derivePageOrigin(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const isLocal = host === 'localhost' || host.endsWith('.localhost');
  if (isIP(host) === 0) return url.protocol === 'https:' || isLocal ? url.origin : undefined;
  if (!/^127\.|^::1$/.test(host)) return undefined;
  url.hostname = 'localhost';
  return url.origin;
}
