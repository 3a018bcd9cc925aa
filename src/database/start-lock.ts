import { sql, type Transaction } from 'kysely';
import type { Schema } from './schema.js';

/** Two replicas that start together must not both make the first keys. The number only has to be ours. */
const startLock = 7_295_025;

/** On PostgreSQL, lets no other process into such a transaction until this one has ended. */
export async function acquireStartLock(transaction: Transaction<Schema>): Promise<void> {
  await sql`select pg_advisory_xact_lock(${startLock})`.execute(transaction);
}
