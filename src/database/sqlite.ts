import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import {
  SqliteAdapter,
  SqliteDialect,
  type DialectAdapter,
  type SqliteDatabase,
  type SqliteStatement,
} from 'kysely';

/** Beyond this many different statements the oldest is prepared anew; the service has under a hundred. */
const preparedStatements = 500;

/**
 * Opens the file, and makes it and its folder where they are missing, readable by their owner alone:
 * it holds password hashes.
 */
export function openSqlite(file: string): DatabaseSync {
  if (file !== ':memory:') makeFolder(dirname(resolve(file)));
  const isNew = file !== ':memory:' && !existsSync(file);
  const database = new DatabaseSync(file);
  if (isNew) chmodSync(file, 0o600);
  // The timeout is for the operator's command beside the service: each waits for the other, from the first pragma on.
  // FULL: what was answered survives a power cut.
  database.exec(`
    pragma busy_timeout = 5000;
    pragma journal_mode = wal;
    pragma synchronous = full;
    pragma foreign_keys = on;
  `);
  return database;
}

/** One level at a time: Node's recursive mkdir does not return from places like /proc, where it can make nothing. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

/** Kysely's SQLite dialect over Node's own SQLite, which needs no compiler and no install script. */
export function sqliteDialect(database: DatabaseSync): SqliteDialect {
  return new TransactionalDialect({ database: kyselyAdapter(database) });
}

/**
 * SQLite can change tables in a transaction, which Kysely leaves unused. With it a migration that is interrupted
 * leaves nothing behind, and one process at a time migrates.
 */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class TransactionalDialect extends SqliteDialect {
  override createAdapter(): DialectAdapter {
    return new TransactionalAdapter();
  }
}

function kyselyAdapter(database: DatabaseSync): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>();
  return {
    close: () => {
      prepared.clear();
      database.close();
    },
    prepare: (sql) => {
      let statement = prepared.get(sql);
      if (!statement) {
        // A deferred transaction that reads before it writes fails at once when another process wrote
        // in between; an immediate one waits its turn.
        statement = adapt(database.prepare(sql === 'begin' ? 'begin immediate' : sql));
        if (prepared.size >= preparedStatements) prepared.delete(prepared.keys().next().value ?? sql);
        prepared.set(sql, statement);
      }
      return statement;
    },
  };
}

function adapt(statement: StatementSync): SqliteStatement {
  const values = (parameters: readonly unknown[]): SQLInputValue[] => parameters as SQLInputValue[];
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  };
}
