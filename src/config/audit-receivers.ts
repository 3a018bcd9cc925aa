import { parseSecrets } from './setting-parsers.js';
import { isLoopbackHost } from '../http/addresses.js';

/** Where syslog messages are sent. */
export interface SyslogReceiver {
  readonly transport: 'udp' | 'tcp' | 'tls';
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
}

/** What is posted says who logged in from where: it is encrypted, unless it stays on the machine. */
export function parseWebhookUrl(text: string): string {
  return parseReceiverUrl(text, 'https://siem.example.com/latchkey');
}

/** The URL of another service, which nobody on the way may read. */
export function parseReceiverUrl(text: string, example: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname));
  if (!url || !isSafe || url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new Error(
      `must be an https URL without user, password and fragment, such as ${example}; http is for localhost alone`,
    );
  }
  return url.href;
}

export function parseWebhookSecrets(text: string): string[] {
  const secrets = parseSecrets(text);
  if (!secrets.every(isStrong)) {
    throw new Error('must have 32 characters or more, or be whsec_ and 24 bytes or more in base64');
  }
  return secrets;
}

function isStrong(secret: string): boolean {
  const [, encoded] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  return encoded === undefined ? secret.length >= 32 : Buffer.from(encoded, 'base64').length >= 24;
}

/** RFC 5426 and RFC 5425; RFC 6587 has none. */
const defaultPorts = { udp: 514, tcp: 514, tls: 6514 } as const;

export function parseSyslogReceiver(text: string): SyslogReceiver {
  const [, transport, rest = ''] = /^(udp|tcp|tls):\/\/([^/?#@]+)\/?$/.exec(text) ?? [];
  // Of a scheme that URL does not know, it would not check the host.
  const url = URL.canParse(`http://${rest}`) ? new URL(`http://${rest}`) : undefined;
  if (transport === undefined || !url?.hostname) {
    throw new Error(
      'must be tls://, tcp:// or udp:// with a host and a port, such as tls://logs.example.com:6514',
    );
  }
  const [, port] = /:(\d+)$/.exec(rest) ?? [];
  const known = transport as SyslogReceiver['transport'];
  return {
    transport: known,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === undefined ? defaultPorts[known] : Number(port),
  };
}
