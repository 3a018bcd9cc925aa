import { pino } from 'pino';
import { readConfig } from '../config/config.js';
import { systemClock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { ProjectMigrations } from '../database/migrations/context.js';
import { openDatabase } from '../database/open-database.js';
import type { PublicDatabase } from '../database/public-database.js';
import { createId } from '../ids.js';
import { usersStore } from '../users/users.store.js';
import { noteClosed, noteOpened } from './closing.js';
import { createDatabase, listDatabaseKinds, type DatabaseKind } from './database-server.js';
import { mocha } from './mocha.js';
import { testSettings } from './test-settings.js';

/** What the tests of a store run on. */
export interface TestDatabase extends AsyncDisposable {
  /** Latchkey's tables and the project's, without a row. */
  readonly database: PublicDatabase;
  /** Adds a user without a login, for foreign keys. @returns the id. */
  readonly addUser: (username?: string) => Promise<string>;
  readonly close: () => Promise<void>;
}

/** A database of its own, with Latchkey's migrations and the project's. The test closes it. */
export async function openTestDatabase(
  kind: DatabaseKind,
  migrations: ProjectMigrations = {},
): Promise<TestDatabase> {
  const { url, remove } = await createDatabase(kind);
  const config = readConfig({ ...testSettings, DATABASE_URL: url });
  const database = openDatabase(config.databaseUrl, {
    connectTimeout: config.databaseConnectTimeout * 1000,
    statementTimeout: config.databaseStatementTimeout * 1000,
    log: pino({ level: 'silent' }),
  });
  const close = async (): Promise<void> => {
    noteClosed(opened);
    await database.close();
    await remove();
  };
  let users = 0;
  const opened: TestDatabase = noteOpened({
    database: database.withTables(),
    addUser: (username = `user-${(users += 1)}`) => addUser(database, username),
    close,
    [Symbol.asyncDispose]: close,
  });
  await database.migrate({ project: migrations });
  return opened;
}

async function addUser(database: Database, username: string): Promise<string> {
  const now = Date.now();
  const id = createId(systemClock);
  const isAdded = await usersStore.insert(database.queries, {
    id,
    username,
    // No password has this hash.
    password_hash: '',
    password_one_time: 0,
    one_time_expires_at: null,
    version: 0,
    disabled_at: null,
    last_login_at: null,
    created_at: now,
    updated_at: now,
  });
  if (!isAdded) throw new Error(`There is a user "${username}" already.`);
  return id;
}

/**
 * A suite of mocha for SQLite and for PostgreSQL, each on a database of its own: what holds of a store is to hold on both. Where
 * `TEST_POSTGRES_URL` names no server, the suite on PostgreSQL is skipped.
 * @param suite declares the tests; the database is there once they run.
 */
export function describeOnDatabases(
  name: string,
  migrations: ProjectMigrations,
  suite: (on: Pick<TestDatabase, 'database' | 'addUser'>) => void,
): void {
  const { describe, before, after } = mocha();
  for (const kind of ['sqlite', 'postgres'] as const) {
    describe(`${name} on ${kind}`, () => {
      let opened: TestDatabase | undefined;
      const here = (): TestDatabase => {
        if (!opened)
          throw new Error('The database is there when the tests run, not where they are declared.');
        return opened;
      };
      before(async function () {
        // Not where the suite is declared: a setup of all tests may start the server later.
        if (!listDatabaseKinds().includes(kind)) this.skip();
        else opened = await openTestDatabase(kind, migrations);
      });
      after(() => opened?.close());
      suite({
        get database() {
          return here().database;
        },
        addUser: (username) => here().addUser(username),
      });
    });
  }
}
