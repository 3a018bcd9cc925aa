// Loaded before a program (`--require`, which reaches every worker thread): simulates a disk whose fsync takes FSYNC_MS milliseconds. Each commit that changed
// something holds its thread for so long, as SQLite's fsync of its log does (WAL, synchronous = full).
import { DatabaseSync, StatementSync } from 'node:sqlite';

const delay = Number(process.env['FSYNC_MS']);
const nobody = new Int32Array(new SharedArrayBuffer(4));

const databases = new WeakMap<object, DatabaseSync>();
/** A database's statement that counts its changes, and how many were on the disk when it was last asked. */
const counters = new WeakMap<DatabaseSync, { readonly statement: StatementSync; written: number }>();

/** Has something done after each call of a method. */
function after(prototype: object, method: string, then: (self: object, result: unknown) => void): void {
  const original = Reflect.get(prototype, method) as (...parameters: unknown[]) => unknown;
  Reflect.set(prototype, method, function (this: object, ...parameters: unknown[]) {
    const result = Reflect.apply(original, this, parameters);
    then(this, result);
    return result;
  });
}

function waitForDisk(database: DatabaseSync): void {
  if (!database.isOpen || database.isTransaction) return;
  let counter = counters.get(database);
  if (!counter) {
    counter = { statement: database.prepare('select total_changes() as count'), written: 0 };
    databases.delete(counter.statement); // it is none of the program's own
    counters.set(database, counter);
  }
  const { count } = counter.statement.get() as { count: number };
  if (count === counter.written) return;
  counter.written = count;
  Atomics.wait(nobody, 0, 0, delay);
}

after(DatabaseSync.prototype, 'prepare', (database, statement) => {
  databases.set(statement as StatementSync, database as DatabaseSync);
});
after(DatabaseSync.prototype, 'exec', (database) => {
  waitForDisk(database as DatabaseSync);
});
for (const method of ['run', 'get', 'all']) {
  after(StatementSync.prototype, method, (statement) => {
    const database = databases.get(statement);
    if (database) waitForDisk(database);
  });
}
