import type { ConnectionOptions } from 'node:tls';
import { parsePostgresUrl, removeTls } from './postgres-url.js';

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

/** @throws {Error} whose message goes on after the setting's name: "must …". */
export function parseDatabaseUrl(text: string): DatabaseUrl {
  if (text.startsWith('sqlite:')) return parseSqliteUrl(text);
  if (/^postgres(ql)?:\/\//.test(text)) return parsePostgresDatabaseUrl(text);
  throw new Error(`must look like ${forms}`);
}

function parseSqliteUrl(text: string): SqliteUrl {
  // With slashes as a URL has them, or without: sqlite:data/x.db, sqlite:/srv/x.db, sqlite:///srv/x.db.
  const file = text.slice('sqlite:'.length).replace(/^\/\//, '').replace(/^\/+/, '/');
  if (file.trim() === '' || file.endsWith('/')) {
    throw new Error('must name a file after "sqlite:", such as sqlite:data/latchkey.db');
  }
  return { kind: 'sqlite', file };
}

function parsePostgresDatabaseUrl(text: string): PostgresUrl {
  const { tls } = parsePostgresUrl(text);
  return { kind: 'postgres', url: removeTls(text), ...(tls && { tls }) };
}
