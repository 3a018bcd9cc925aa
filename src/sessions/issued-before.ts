import { DatabaseSync } from 'node:sqlite';
import type { Queries } from '../database/database.js';
import { everyVersion } from '../revocations/revocations.js';
import { revocationsStore, type Revocation } from '../revocations/revocations.store.js';
import { maxAccessTokenLifetime } from '../tokens/access-token-verifier.js';

/** What a database that a backup replaces says of access tokens that the backup does not know of. */
export interface IssuedBefore {
  /** No token has a higher `ver` or `roles_ver`. */
  readonly highestVersion: number;
  /** Clients of that database, and subjects that were deleted from it. */
  readonly subjects: readonly string[];
}

const idsPerStatement = 1000;

/**
 * Reads a SQLite file that is about to be replaced.
 * @param now milliseconds since the Unix epoch.
 * @returns undefined where it cannot be read, as where it is damaged, which is why it is replaced.
 */
export function readIssuedBefore(file: string, now: number): IssuedBefore | undefined {
  try {
    const database = new DatabaseSync(file);
    try {
      const highest = database
        .prepare(
          `select max(version) as version from (
            select value as version from counters where name = 'roles'
            union all select max(version) from users union all select max(version) from clients
            union all select max(version) from revocations where version < ${everyVersion})`,
        )
        .get();
      const subjects = database
        .prepare(
          `select id from clients
          union select target from revocations where kind = 'subject' and version = ${everyVersion} and expires_at > ?`,
        )
        .all(now);
      return {
        highestVersion: Number(highest?.['version'] ?? 0),
        subjects: subjects.map(({ id }) => String(id)),
      };
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}

/**
 * Revokes every token of those subjects that this database does not have: no version of theirs can be raised.
 * @param now milliseconds since the Unix epoch.
 * @returns rows for `Revocations.apply`, after the commit.
 */
export async function revokeMissingSubjects(
  queries: Queries,
  subjects: readonly string[],
  now: number,
): Promise<Revocation[]> {
  const missing = new Set(subjects);
  for (let start = 0; start < subjects.length; start += idsPerStatement) {
    const ids = subjects.slice(start, start + idsPerStatement);
    for (const table of ['users', 'clients'] as const) {
      const found = await queries.selectFrom(table).select('id').where('id', 'in', ids).execute();
      for (const { id } of found) missing.delete(id);
    }
  }
  const rows = [...missing].map((target): Revocation => ({
    kind: 'subject',
    target,
    version: everyVersion,
    expires_at: now + maxAccessTokenLifetime,
    created_at: now,
  }));
  await revocationsStore.add(queries, rows);
  return rows;
}
