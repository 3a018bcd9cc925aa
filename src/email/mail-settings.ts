import { parseEmailAddress } from '../text/email-address.js';
import { validateFreeform } from '../text/freeform-text.js';
import { isLoopbackHost } from '../http/addresses.js';

/** A server that takes messages (RFC 5321, RFC 6409). */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** `implicit`: TLS from the first byte (RFC 8314); `required`: STARTTLS, or nothing is sent; `optional`: STARTTLS where there is. */
  readonly tls: 'implicit' | 'required' | 'optional';
  readonly user: string | undefined;
  readonly password: string | undefined;
}

/** An address with the name of what sends. */
export interface Sender {
  readonly name: string | undefined;
  readonly address: string;
}

/** Parser of a setting. Messages have links that let people in: they are encrypted, unless they stay on the machine. */
export function parseSmtpUrl(text: string): SmtpServer {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const tls = url?.searchParams.get('tls');
  if (
    !url ||
    !/^smtps?:$/.test(url.protocol) ||
    url.hostname === '' ||
    !/^\/?$/.test(url.pathname) ||
    [...url.searchParams.keys()].some((name) => name !== 'tls') ||
    (tls !== null && (tls !== 'optional' || url.protocol === 'smtps:')) ||
    (url.username === '') !== (url.password === '') ||
    !isEncoded(url.username + url.password)
  ) {
    throw new Error(
      'must be smtp:// or smtps:// with user and password where the server asks for them, host and port, such as smtp://user:password@smtp.example.com:587; special characters in them are percent-encoded; ?tls=optional is for a server in your own network that has no TLS',
    );
  }
  const isImplicit = url.protocol === 'smtps:';
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (isImplicit ? 465 : 587) : Number(url.port),
    tls: isImplicit
      ? 'implicit'
      : tls === 'optional' || isLoopbackHost(url.hostname)
        ? 'optional'
        : 'required',
    user: url.username === '' ? undefined : decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
  };
}

/** Whether each % begins an encoded character, and each character is well-formed. */
function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Parser of a setting: `Name <address>`, or the address alone. */
export function parseSender(text: string): Sender {
  const [, name, bracketed] = /^([^<>]*)<([^<>]+)>$/.exec(text.trim()) ?? [];
  const address = parseEmailAddress(bracketed ?? text.trim());
  const shownName = name?.trim().replace(/^"(.*)"$/, '$1');
  if (!address || /["\\]/.test(shownName ?? '')) {
    throw new Error('must be an address, or a name and an address, such as Example <no-reply@example.com>');
  }
  const error = validateFreeform(shownName ?? '');
  if (error !== undefined) throw new Error(error);
  return { name: shownName === '' ? undefined : shownName, address: address.text };
}
