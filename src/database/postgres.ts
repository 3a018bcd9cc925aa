import { PostgresDialect } from 'kysely';
import pg from 'pg';

const int8 = 20;
const standardParser = pg.types.getTypeParser as (oid: number, format?: string) => (value: string) => unknown;

/** A pool on which 64-bit integers come as numbers: ours are times and counters, far below 2^53. */
export function openPostgres(url: string, onIdleError: (error: Error) => void): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: 10,
    connectionTimeoutMillis: 5000,
    statement_timeout: 10_000,
    types: {
      getTypeParser: (oid: number, format?: string) => (oid === int8 ? Number : standardParser(oid, format)),
    },
  });
  // Without a listener a connection that the server drops while idle would end the process.
  pool.on('error', onIdleError);
  return pool;
}

export function postgresDialect(pool: pg.Pool): PostgresDialect {
  return new PostgresDialect({ pool });
}
