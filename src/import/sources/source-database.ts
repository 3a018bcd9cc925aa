import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { StartError } from '../../start-error.js';

export type SourceRow = Readonly<Record<string, unknown>>;

/** The database of another application, which is only read. */
export interface SourceDatabase {
  readonly dialect: 'sqlite' | 'postgres';
  /** The columns of a table; undefined where there is no such table. @param table with its schema: `auth.users`. */
  columns(table: string): Promise<readonly string[] | undefined>;
  rows(sql: string): AsyncIterable<SourceRow>;
  close(): Promise<void>;
}

/** Rows that are fetched from PostgreSQL at once. */
const rowsPerFetch = 1000;

/**
 * @param location `postgres://…`, or the path of a SQLite file, also after `sqlite:`.
 * @throws {StartError} where there is no such file, or no such server.
 */
export async function openSourceDatabase(location: string): Promise<SourceDatabase> {
  return /^postgres(?:ql)?:/.test(location)
    ? openPostgres(location)
    : openSqlite(location.replace(/^sqlite:/, ''));
}

function openSqlite(file: string): SourceDatabase {
  if (!existsSync(file)) throw new StartError(`The SQLite file ${file} does not exist.`);
  // Ids of 64 bits are usual.
  const connection = new DatabaseSync(file, { readOnly: true, timeout: 5000, readBigInts: true });
  return {
    dialect: 'sqlite',
    columns: (table) => {
      const found = connection.prepare('select name from pragma_table_info(?)').all(table);
      return Promise.resolve(found.length === 0 ? undefined : found.map(({ name }) => String(name)));
    },
    // eslint-disable-next-line @typescript-eslint/require-await -- PostgreSQL's rows have to be awaited
    rows: async function* (sql) {
      yield* connection.prepare(sql).iterate();
    },
    close: () => {
      connection.close();
      return Promise.resolve();
    },
  };
}

async function openPostgres(url: string): Promise<SourceDatabase> {
  const client = new pg.Client({ connectionString: url, application_name: 'latchkey import' });
  try {
    await client.connect();
    // One snapshot for all that is read, and nothing is written by accident.
    await client.query('begin isolation level repeatable read read only');
  } catch (cause) {
    await client.end().catch(() => undefined);
    throw new StartError(`The database to import from cannot be opened: ${(cause as Error).message}.`, {
      cause,
    });
  }
  let cursors = 0;
  return {
    dialect: 'postgres',
    columns: async (table) => {
      const [name = '', schema] = table.split('.').reverse();
      const { rows } = await client.query<{ column_name: string }>(
        `select column_name from information_schema.columns
          where table_name = $1 and table_schema = coalesce($2, current_schema()) order by ordinal_position`,
        [name, schema ?? null],
      );
      return rows.length === 0 ? undefined : rows.map((row) => row.column_name);
    },
    rows: async function* (sql) {
      const cursor = `rows_${(cursors += 1)}`;
      await client.query(`declare ${cursor} no scroll cursor for ${sql}`);
      for (;;) {
        const { rows } = await client.query<SourceRow>(`fetch ${rowsPerFetch} from ${cursor}`);
        yield* rows;
        if (rows.length < rowsPerFetch) break;
      }
      await client.query(`close ${cursor}`);
    },
    close: () => client.end(),
  };
}

/** A name as SQL takes it, with its schema. */
export function quote(name: string): string {
  return name
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.');
}

/** In a list of roles that SQL has joined: no name has it. */
export const separator = '\u001f';

export function splitJoined(value: unknown): string[] {
  return typeof value === 'string' && value !== '' ? value.split(separator) : [];
}
