import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { v7 } from 'uuid';
import type { Prepared } from './latchkey.ts';

type Row = readonly [
  kind: string,
  target: string,
  version: number | null,
  expiresAt: number,
  createdAt: number,
];

const columns = 'kind, target, version, expires_at, created_at';
const minute = 60_000;
/** Of a statement; it is as many times faster than one row in each. */
const batch = 10_000;

/**
 * Puts live revocations into an installation that does not run, as a service has them: mostly ended sessions, and some
 * of each other kind, from the last quarter of an hour. They concern none of its sessions.
 */
export async function revoke({ settings }: Pick<Prepared, 'settings'>, count: number): Promise<void> {
  const url = settings['DATABASE_URL'] ?? '';
  if (url.startsWith('sqlite:')) intoSqlite(url.replace('sqlite:', ''), rows(count));
  else await intoPostgres(url, [...rows(count)]);
}

function* rows(count: number): Generator<Row> {
  const now = Date.now();
  for (let index = 0; index < count; index += 1) {
    const kind = index % 20 === 0 ? 'token' : index % 20 === 1 ? 'subject' : 'session';
    const at = now - Math.floor((index / count) * 15 * minute);
    const target = v7({ msecs: at - Math.floor(Math.random() * 60 * minute) });
    yield [kind, target, kind === 'subject' ? 1 : null, at + 60 * minute, at];
  }
}

function intoSqlite(file: string, all: Iterable<Row>): void {
  const database = new DatabaseSync(file);
  // In kibibytes: all of it, so that no page goes to the disk and comes back.
  database.exec('pragma cache_size = -500000');
  const insert = database.prepare(`insert into revocations (${columns}) values (?, ?, ?, ?, ?)`);
  database.exec('begin');
  for (const row of all) insert.run(...row);
  database.exec('commit');
  database.close();
}

async function intoPostgres(url: string, all: readonly Row[]): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    // Nobody listens: a million notifications would take minutes.
    await client.query('alter table revocations disable trigger user');
    for (let start = 0; start < all.length; start += batch) {
      const part = all.slice(start, start + batch);
      await client.query(
        `insert into revocations (${columns})
          select * from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])`,
        [0, 1, 2, 3, 4].map((column) => part.map((row) => row[column])),
      );
    }
    await client.query('alter table revocations enable trigger user');
    await client.query('vacuum analyze revocations');
  } finally {
    await client.end();
  }
}
