import { sql, type Transaction } from 'kysely';
import type { Schema } from './schema.js';

/** Any number that nothing else uses as an advisory lock. */
const startLock = 7_295_025;

/** On PostgreSQL, waits for other transactions with this lock: of replicas that start together, one creates the keys. */
export async function acquireStartLock(transaction: Transaction<Schema>): Promise<void> {
  await sql`select pg_advisory_xact_lock(${startLock})`.execute(transaction);
}
