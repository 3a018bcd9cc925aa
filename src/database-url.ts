import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';

/** Where the data lives. */
export type DatabaseUrl = SqliteUrl | PostgresUrl;

export interface SqliteUrl {
  readonly kind: 'sqlite';
  /** A file's path, or `:memory:`. */
  readonly file: string;
}

export interface PostgresUrl {
  readonly kind: 'postgres';
  /** Without what it said of TLS. */
  readonly url: string;
  /** How the connection is encrypted; left out: it is not. */
  readonly tls?: ConnectionOptions;
}

const forms = 'sqlite:data/latchkey.db or postgres://user:password@host:5432/database';

/** What a PostgreSQL URL may say after its question mark, beside TLS. A misspelled one must not pass unread. */
const parameters = ['application_name', 'host', 'options', 'password', 'port', 'user'];
const tlsParameters = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey'];
const modes = ['disable', 'require', 'verify-ca', 'verify-full'];

/** @throws {Error} whose message goes on after the setting's name: "must …". */
export function databaseUrl(text: string): DatabaseUrl {
  if (text.startsWith('sqlite:')) return sqliteUrl(text);
  if (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text)) return postgresUrl(new URL(text));
  throw new Error(`must look like ${forms}`);
}

function sqliteUrl(text: string): SqliteUrl {
  // With slashes as a URL has them, or without: sqlite:data/x.db, sqlite:/srv/x.db, sqlite:///srv/x.db.
  const file = text.slice('sqlite:'.length).replace(/^\/\//, '').replace(/^\/+/, '/');
  if (file.trim() === '' || file.endsWith('/')) {
    throw new Error('must name a file after "sqlite:", such as sqlite:data/latchkey.db');
  }
  return { kind: 'sqlite', file };
}

function postgresUrl(url: URL): PostgresUrl {
  const unknown = [...url.searchParams.keys()].find(
    (name) => ![...parameters, ...tlsParameters].includes(name),
  );
  if (unknown !== undefined) {
    throw new Error(
      `must not have the parameter "${unknown}": there are ${[...tlsParameters, ...parameters].join(', ')}`,
    );
  }
  const tls = tlsOf(url.searchParams);
  for (const name of tlsParameters) url.searchParams.delete(name);
  return { kind: 'postgres', url: url.href, ...(tls && { tls }) };
}

/** As PostgreSQL's own clients understand it, but for what falls back to no encryption in silence. */
function tlsOf(given: URLSearchParams): ConnectionOptions | undefined {
  const mode = given.get('sslmode') ?? 'disable';
  if (!modes.includes(mode)) {
    throw new Error(`must have one of ${modes.join(', ')} as its sslmode, and has "${mode}"`);
  }
  const rootFile = given.get('sslrootcert');
  if (mode === 'disable') {
    const needless = tlsParameters.find((name) => name !== 'sslmode' && given.has(name));
    if (needless !== undefined) {
      throw new Error(`must have ${modes.slice(1).join(', ')} as its sslmode beside ${needless}`);
    }
    return undefined;
  }
  // Without an authority of one's own, any name that a public one has vouched for would pass.
  if (mode === 'verify-ca' && rootFile === null) {
    throw new Error('must have sslrootcert, the file of the authority, beside sslmode=verify-ca');
  }
  if (given.has('sslcert') !== given.has('sslkey')) {
    throw new Error('must have both sslcert and sslkey, or neither');
  }
  return {
    ...(rootFile !== null && { ca: certificate(rootFile, 'sslrootcert') }),
    ...(given.has('sslcert') && {
      cert: certificate(given.get('sslcert') ?? '', 'sslcert'),
      key: fileOf(given.get('sslkey') ?? '', 'sslkey'),
    }),
    ...(mode === 'require' && rootFile === null && { rejectUnauthorized: false }),
    // Whatever name the certificate has.
    ...((mode === 'verify-ca' || mode === 'require') && { checkServerIdentity: () => undefined }),
  };
}

function certificate(path: string, parameter: string): string {
  const pem = fileOf(path, parameter);
  try {
    new X509Certificate(pem);
  } catch (cause) {
    throw new Error(`must have a certificate in PEM form in the file of its ${parameter}, ${path}`, {
      cause,
    });
  }
  return pem;
}

function fileOf(path: string, parameter: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error(`must have a readable file as its ${parameter}, and ${path} is none`, { cause });
  }
}
