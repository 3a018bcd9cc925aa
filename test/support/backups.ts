import { randomBytes } from 'node:crypto';
import { join, dirname } from 'node:path';
import { sql } from 'kysely';
import { backupSqlite } from '../../src/database/backup-sqlite.js';
import { parseDatabaseUrl } from '../../src/database/database-url.js';
import { openDatabase } from '../../src/database/open-database.js';

/**
 * Copies a database as a backup does; on PostgreSQL no connection to it may be open.
 * @returns the copy's URL.
 */
export async function copyDatabase(url: string): Promise<string> {
  const parsed = parseDatabaseUrl(url);
  const name = `backup_${randomBytes(6).toString('hex')}`;
  if (parsed.kind === 'sqlite') {
    const file = join(dirname(parsed.file), name);
    await backupSqlite(parsed.file, file);
    return `sqlite:${file}`;
  }
  const at = new URL(url);
  const original = at.pathname.slice(1);
  at.pathname = '/postgres';
  const server = openDatabase(parseDatabaseUrl(at.href));
  try {
    await sql`create database ${sql.ref(name)} template ${sql.ref(original)}`.execute(server.queries);
  } finally {
    await server.close();
  }
  at.pathname = `/${name}`;
  return at.href;
}
