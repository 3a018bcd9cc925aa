import { isIP } from 'node:net';
import { parseList } from './setting-parsers.js';

/** In the place of a domain: no passkeys. */
export const noPasskeys = 'off';

/** A domain as a URL has it: lower case, `xn--` for other characters, and no address, for which browsers have no passkeys. */
export function parseRelyingPartyId(text: string): string {
  const url = URL.canParse(`https://${text}`) ? new URL(`https://${text}`) : undefined;
  if (url?.hostname !== text || /^[0-9.]+$|[:[\]]/.test(text)) {
    throw new Error('must be a domain without scheme and port, such as example.com, or off');
  }
  return text;
}

/** Browsers have passkeys over HTTPS and for localhost alone. */
export function parsePasskeyOrigins(text: string): string[] {
  const values = parseList(text);
  if (
    !values.every((value) => isPageOrigin(value) || /^android:apk-key-hash:[A-Za-z0-9_-]{1,100}$/.test(value))
  ) {
    throw new Error(
      'must be a comma-separated list of origins with https, such as https://app.example.com, or http://localhost:3000, or android:apk-key-hash: and the hash of an app’s certificate',
    );
  }
  return values;
}

function isPageOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { origin, protocol, hostname } = new URL(text);
  const isLocal = hostname === 'localhost' || hostname.endsWith('.localhost');
  return origin === text && (protocol === 'https:' || (protocol === 'http:' && isLocal));
}

/** Whether browsers let the pages of an origin use the passkeys of a domain: those of it and of its subdomains (§5.1.3). */
export function isOriginOf(id: string, origin: string): boolean {
  const domain = getDomain(origin);
  // Of an app: Android finds out from the domain who may use its passkeys.
  return domain === undefined || domain === id || domain.endsWith(`.${id}`);
}

/** @returns undefined for the origin of an app, which has none. */
export function getDomain(origin: string): string | undefined {
  return /^https?:/.test(origin) ? new URL(origin).hostname : undefined;
}

/**
 * The origin of a URL's pages, where browsers have passkeys for it: over HTTPS, and on this machine by the name `localhost`. For
 * addresses they have none.
 */
export function derivePageOrigin(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const isLocal = host === 'localhost' || host.endsWith('.localhost');
  if (isIP(host) === 0) return url.protocol === 'https:' || isLocal ? url.origin : undefined;
  if (!/^127\.|^::1$/.test(host)) return undefined;
  url.hostname = 'localhost';
  return url.origin;
}

interface PasskeySettings {
  readonly passkeyRpId: string | undefined;
  readonly passkeyOrigins: readonly string[];
}

/** Settings that cannot work together, in sentences. */
export function findPasskeyErrors({ passkeyRpId, passkeyOrigins }: PasskeySettings): string[] {
  if (passkeyRpId === noPasskeys || passkeyOrigins.length === 0) return [];
  const id = passkeyRpId ?? passkeyOrigins.map(getDomain).find((domain) => domain !== undefined);
  if (id === undefined) {
    return ['LATCHKEY_PASSKEY_RP_ID must be set where LATCHKEY_PASSKEY_ORIGINS has apps alone.'];
  }
  const others = passkeyOrigins.filter((origin) => !isOriginOf(id, origin));
  return others.length === 0
    ? []
    : [
        `LATCHKEY_PASSKEY_ORIGINS has ${others.join(', ')}, whose pages cannot use passkeys of ${id}: set LATCHKEY_PASSKEY_RP_ID to a domain that all of them are in.`,
      ];
}

/** The same of the URLs of the application and of the service, where the origins follow from them. */
export function findPasskeyUrlErrors({
  passkeyRpId: id,
  passkeyOrigins,
  appUrl,
  issuer,
}: PasskeySettings & {
  readonly appUrl: string | undefined;
  readonly issuer: string | undefined;
}): string[] {
  if (id === noPasskeys || passkeyOrigins.length > 0) return [];
  const app = appUrl === undefined ? undefined : derivePageOrigin(appUrl);
  // Without a setting the issuer is an address of this machine.
  const service = derivePageOrigin(issuer ?? 'http://localhost');
  if (id !== undefined) {
    const origins = [app, service].filter((origin) => origin !== undefined);
    return origins.some((origin) => isOriginOf(id, origin))
      ? []
      : [
          `LATCHKEY_PASSKEY_RP_ID is ${id}, and neither LATCHKEY_APP_URL nor LATCHKEY_ISSUER is a page of it: set LATCHKEY_PASSKEY_ORIGINS to the pages that ask for passkeys, such as https://${id}, or LATCHKEY_PASSKEY_RP_ID to off.`,
        ];
  }
  if (app === undefined || service === undefined || issuer === undefined || areMaybeOneSite(app, service)) {
    return [];
  }
  return [
    `LATCHKEY_PASSKEY_RP_ID must be set, because LATCHKEY_APP_URL (${app}) and LATCHKEY_ISSUER (${service}) are different sites, and passkeys work on one: set it to ${getDomain(app) ?? ''} if your pages ask for passkeys, to ${getDomain(service) ?? ''} if the pages of the service do, or to off. Later it cannot be changed without losing the passkeys that there are.`,
  ];
}

/** Whether two origins may be in one domain that somebody can have: `co.uk`, which nobody has, is not known here. */
function areMaybeOneSite(one: string, other: string): boolean {
  const [a = '', b = ''] = [getDomain(one), getDomain(other)];
  return a === b || getParent(a) === getParent(b);
}

/** The last two labels. */
function getParent(domain: string): string {
  return domain.split('.').slice(-2).join('.');
}
