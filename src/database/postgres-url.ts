import type { ConnectionOptions } from 'node:tls';
import { sessionSettings } from './postgres-session.js';
import { parseTls, tlsParameters } from './postgres-tls.js';

/** One of the servers of a URL. For absent members the driver uses `PGHOST`, `PGPORT` or its defaults. */
export interface PostgresHost {
  readonly host?: string;
  readonly port?: number;
}

/** A parsed PostgreSQL URL, without TLS. */
export interface PostgresTarget {
  /** At least one; they are tried in this order. */
  readonly hosts: readonly PostgresHost[];
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly application_name?: string;
  /** Session settings from `options`; they are set after connecting, because poolers refuse them as startup parameters. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** `options` in another form than `-c name=value`; sent as a startup parameter. */
  readonly options?: string;
  /** Timeout of connecting to one host, in milliseconds. */
  readonly connectTimeout?: number;
  readonly channelBinding: ChannelBinding;
}

const bindings = ['disable', 'prefer', 'require'] as const;
export type ChannelBinding = (typeof bindings)[number];

/** The query parameters apart from TLS. An unknown one is an error, so that a misspelling is not ignored. */
const parameters = [
  'application_name',
  'channel_binding',
  'connect_timeout',
  'host',
  'options',
  'password',
  'port',
  'target_session_attrs',
  'user',
];
const maxConnectTimeout = 60;

const encodingError =
  'must have every @ : / ? # % and space of its user, password and names percent-encoded (@ is %40, : is %3A, / is %2F, ? is %3F, # is %23, % is %25)';

interface Parts {
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly hosts: string;
  readonly database: string | undefined;
  readonly given: ReadonlyMap<string, string>;
}

/**
 * Reads a PostgreSQL URL: `postgres://user:password@host:port,host:port/database?name=value`. Error messages
 * contain no text that may be part of a password. Without `options`, `PGOPTIONS` is used.
 * @throws {Error} with a message that continues the setting's name: "must …".
 */
export function parsePostgresUrl(
  text: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): { target: PostgresTarget; tls?: ConnectionOptions } {
  const { user, password, hosts, database, given } = splitUrl(text);
  const show = (value: string): string => (given.has('password') ? 'another' : `"${value}"`);
  assertKnownParameters(given);
  const tls = parseTls(given, show);
  const attributes = given.get('target_session_attrs') ?? 'read-write';
  if (attributes !== 'read-write' && attributes !== 'primary') {
    throw new Error(
      'must have read-write or primary as its target_session_attrs: the service needs to write',
    );
  }
  const channelBinding = bindings.find((each) => each === (given.get('channel_binding') ?? 'disable'));
  if (channelBinding === undefined) {
    throw new Error(`must have one of ${bindings.join(', ')} as its channel_binding`);
  }
  if (channelBinding === 'require' && tls === undefined) {
    throw new Error('must have sslmode with channel_binding=require, because it binds to the TLS connection');
  }
  const connectTimeout = given.get('connect_timeout');
  const target: Omit<PostgresTarget, 'hosts'> = {
    ...toOptionalMember('user', given.get('user') ?? user),
    ...toOptionalMember('password', given.get('password') ?? password),
    ...toOptionalMember('database', database),
    ...toOptionalMember('application_name', given.get('application_name')),
    ...parseOptions(given.get('options') ?? environment['PGOPTIONS'] ?? ''),
    ...(connectTimeout !== undefined && { connectTimeout: parseSeconds(connectTimeout) * 1000 }),
    channelBinding,
  };
  return { target: { ...target, hosts: parseHosts(hosts, given) }, ...(tls && { tls }) };
}

/**
 * The URL without its password and its parameters, in its canonical spelling. Without a password there is no user in it: where a
 * colon is missing, both are one word.
 * @throws {Error} as `parsePostgresUrl` does, and where what would be shown may be part of a password.
 */
export function describePostgresUrl(text: string): string {
  const { hosts, user, password, database = '' } = parsePostgresUrl(text).target;
  if (/[:@]/.test(database)) throw new Error('may have a part of a password as its database');
  const shownUser = password === undefined ? '********' : `${encodeURIComponent(user ?? '')}:********`;
  const person = user === undefined && password === undefined ? '' : `${shownUser}@`;
  const servers = hosts.map(({ host = '', port }) => {
    const name = host.includes(':') ? `[${host}]` : encodeURIComponent(host);
    return port === undefined ? name : `${name}:${port}`;
  });
  const path = database === '' ? '' : `/${encodeURIComponent(database)}`;
  return `postgres://${person}${servers.join()}${path}`;
}

/** The URL without its TLS parameters. */
export function removeTls(text: string): string {
  const [start = '', query] = text.split('?', 2);
  const rest = query?.split('&').filter((pair) => !tlsParameters.includes(decode(pair.split('=')[0] ?? '')));
  return rest?.length ? `${start}?${rest.join('&')}` : start;
}

function splitUrl(text: string): Parts {
  const rest = text.slice(text.indexOf('//') + 2);
  if (rest.includes('#')) {
    throw new Error(
      'must not have a "#": nothing after it would be read. A "#" of the password is written %23',
    );
  }
  const [start = '', query = '', ...more] = rest.split('?');
  const slash = start.indexOf('/');
  const [authority, path] = slash < 0 ? [start, ''] : [start.slice(0, slash), start.slice(slash + 1)];
  const [first = '', second, ...others] = authority.split('@');
  if (others.length > 0 || more.length > 0 || /[:/]/.test(path) || `${path}${query}`.includes('@')) {
    throw new Error(encodingError);
  }
  const [hosts, person] = second === undefined ? [first, ''] : [second, first];
  const colon = person.indexOf(':');
  const [user, password] = colon < 0 ? [person, ''] : [person.slice(0, colon), person.slice(colon + 1)];
  const given = new Map<string, string>();
  for (const pair of query.split('&').filter((each) => each !== '')) {
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    if (given.has(name) && parameters.includes(name))
      throw new Error(`must have one ${name}, and has several`);
    given.set(name, equals < 0 ? '' : decode(pair.slice(equals + 1)));
  }
  return {
    user: decode(user) || undefined,
    password: decode(password) || undefined,
    hosts,
    database: decode(path) || undefined,
    given,
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error(encodingError);
  }
}

function assertKnownParameters(given: ReadonlyMap<string, string>): void {
  const all = [...tlsParameters, ...parameters];
  const unknown = [...given.keys()].find((name) => !all.includes(name));
  if (unknown === undefined) return;
  // A password in the query may contain an unencoded "&", and this may be its end; one without "=" may be that of a user.
  const isUnclear = given.has('password') || given.get(unknown) === '' || !/^\w{1,40}$/.test(unknown);
  const shown = isUnclear ? 'other parameters' : `the parameter "${unknown}"`;
  throw new Error(`must not have ${shown}: there are ${all.join(', ')}`);
}

/** As in libpq, hosts and ports in the query take precedence over those of the authority. */
function parseHosts(text: string, given: ReadonlyMap<string, string>): PostgresHost[] {
  const inFront = text.split(',').map((each) => {
    const [, bracketed, plain, port] = /^(?:\[([^[\]]+)\]|([^:[\]]*))(?::(\d{0,5}))?$/.exec(each) ?? [];
    if (bracketed === undefined && plain === undefined) {
      throw new Error(
        `must have host:port, or several of them with commas between, in front of the database, and ${encodingError}`,
      );
    }
    const host = bracketed ?? decode(plain ?? '');
    // User and password with their separators encoded would be the name of a host, which messages have.
    if (bracketed === undefined && host.includes(':')) throw new Error(encodingError);
    return { host, port: port ?? '' };
  });
  const named = given.get('host')?.split(',');
  const ports = given.get('port')?.split(',');
  const hosts = named ? named.map((host) => ({ host, port: '' })) : inFront;
  if (hosts.some(({ host }) => host.includes('@'))) throw new Error(encodingError);
  if (ports && ports.length !== 1 && ports.length !== hosts.length) {
    throw new Error('must have one port for all its hosts, or one for each');
  }
  return hosts.map(({ host, port }, index) => {
    const chosen = ports ? (ports[index] ?? ports[0] ?? '') : port;
    const number = Number(chosen);
    if (chosen !== '' && !(/^\d+$/.test(chosen) && number >= 1 && number <= 65_535)) {
      throw new Error('must have a port from 1 to 65535');
    }
    return { ...toOptionalMember('host', host || undefined), ...(chosen !== '' && { port: number }) };
  });
}

/** Parses a server's command-line options: `-c name=value` and `--name=value`, with a backslash before a space. */
function parseOptions(text: string): Pick<PostgresTarget, 'settings' | 'options'> {
  const words = [...text.matchAll(/(?:\\.|[^\\\s])+/g)].map(([word]) => word.replaceAll(/\\(.)/g, '$1'));
  const settings: [string, string][] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const pair = word === '-c' ? (words[(at += 1)] ?? '') : /^(?:-c|--)(.*)$/s.exec(word)?.[1];
    const equals = pair?.indexOf('=') ?? -1;
    if (pair === undefined || equals < 1) return { settings: [], ...toOptionalMember('options', text) };
    settings.push([pair.slice(0, equals).replaceAll('-', '_').toLowerCase(), pair.slice(equals + 1)]);
  }
  const reserved = settings.find(([name]) => name in sessionSettings);
  if (reserved)
    throw new Error(`must not set ${reserved[0]} in its options, or in PGOPTIONS: the service sets it`);
  return { settings };
}

function parseSeconds(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > maxConnectTimeout) {
    throw new Error(`must have a connect_timeout from 1 to ${maxConnectTimeout} seconds`);
  }
  return value;
}

function toOptionalMember<Name extends string>(
  name: Name,
  value: string | undefined,
): { [N in Name]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { [N in Name]?: string };
}
