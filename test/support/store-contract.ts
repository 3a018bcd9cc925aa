import type { Database, Queries } from '../../src/database/database.js';
import { databaseKinds, createMigratedDatabaseUrl, openTestDatabase } from './databases.js';

/** The database that a contract suite runs on. */
interface Subject {
  readonly database: Database;
  readonly queries: Queries;
}

/** A store's contract: the suite runs on every kind of database, migrated and empty at its start. */
export function describeStore(name: string, suite: (on: Subject) => void): void {
  for (const kind of databaseKinds) {
    describe(`${name} on ${kind}`, () => {
      let database: Database;
      before(async () => {
        database = openTestDatabase(await createMigratedDatabaseUrl(kind));
      });
      after(() => database.close());
      suite({
        get database() {
          return database;
        },
        get queries() {
          return database.queries;
        },
      });
    });
  }
}
