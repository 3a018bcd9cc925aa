import type { ConnectionOptions } from 'node:tls';
import { describePostgresUrl, parsePostgresUrl, removeTls } from './postgres-url.js';

/** `DATABASE_URL`, parsed. */
export type DatabaseUrl = SqliteUrl | PostgresUrl;

export interface SqliteUrl {
  readonly kind: 'sqlite';
  /** The path of a file, or `:memory:`. */
  readonly file: string;
}

export interface PostgresUrl {
  readonly kind: 'postgres';
  /** The URL without its TLS parameters. */
  readonly url: string;
  /** TLS options; absent: the connection is not encrypted. */
  readonly tls?: ConnectionOptions;
}

const forms = 'sqlite:data/latchkey.db or postgres://user:password@host:5432/database';

/** @throws {Error} with a message that continues the setting's name: "must …". */
export function parseDatabaseUrl(text: string): DatabaseUrl {
  if (text.startsWith('sqlite:')) return parseSqliteUrl(text);
  if (/^postgres(ql)?:\/\//.test(text)) return parsePostgresDatabaseUrl(text);
  throw new Error(`must look like ${forms}`);
}

/**
 * Which database a URL names, which is no secret; undefined where it is refused, or where what would be shown may be part of a
 * password.
 */
export function describeDatabaseUrl(text: string): string | undefined {
  try {
    // A URL of PostgreSQL after "sqlite:" is the path of a file, too.
    if (parseDatabaseUrl(text).kind === 'sqlite') return /@|%40/i.test(text) ? undefined : text;
    return describePostgresUrl(text);
  } catch {
    return undefined;
  }
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
