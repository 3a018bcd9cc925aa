import type { Config } from '../config/config.js';
import { derivePageOrigin, getDomain, isOriginOf, noPasskeys } from '../config/passkey-settings.js';

/** Who passkeys are made for (WebAuthn §5.4.2): a domain, and the origins of the pages that may use them. */
export interface RelyingParty {
  /** A domain, without a port. A passkey works for it alone, so it must not change. */
  readonly id: string;
  readonly origins: readonly string[];
}

/**
 * By the settings, or derived.
 * @param urls of the application, whose domain it then is, and of the service; those that browsers have no passkeys for are
 *   left out.
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
