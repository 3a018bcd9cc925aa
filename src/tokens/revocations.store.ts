import type { Queries } from '../database/open-database.js';
import type { RevocationRow } from '../database/schema.js';

/** A change that voids tokens which were issued before it. */
export type Revocation = RevocationRow;

/** Where a revocation stands in the order of their writing; texts are empty before the first of a moment. */
export interface RevocationPlace {
  readonly created_at: number;
  readonly kind: RevocationRow['kind'] | '';
  readonly target: string;
}

/** SQLite and PostgreSQL take 32,766 and 65,535 parameters a statement. */
const rowsPerStatement = 1000;

export const revocationsStore = {
  /**
   * Adds revocations. One that is there already keeps the later expiry and the higher version, and counts as new.
   */
  async add(queries: Queries, rows: readonly Revocation[]): Promise<void> {
    for (let start = 0; start < rows.length; start += rowsPerStatement) {
      await queries
        .insertInto('revocations')
        .values(rows.slice(start, start + rowsPerStatement))
        .onConflict((conflict) =>
          conflict.columns(['kind', 'target']).doUpdateSet((eb) => ({
            version: eb
              .case()
              .when('revocations.version', '>', eb.ref('excluded.version'))
              .then(eb.ref('revocations.version'))
              .else(eb.ref('excluded.version'))
              .end(),
            expires_at: eb
              .case()
              .when('revocations.expires_at', '>', eb.ref('excluded.expires_at'))
              .then(eb.ref('revocations.expires_at'))
              .else(eb.ref('excluded.expires_at'))
              .end(),
            created_at: eb.ref('excluded.created_at'),
          })),
        )
        .execute();
    }
  },

  /** Those whose tokens may still live. */
  live(queries: Queries, now: number): Promise<Revocation[]> {
    return queries.selectFrom('revocations').selectAll().where('expires_at', '>', now).execute();
  },

  /** Those that were written at this moment or later. */
  since(queries: Queries, moment: number): Promise<Revocation[]> {
    return queries.selectFrom('revocations').selectAll().where('created_at', '>=', moment).execute();
  },

  /**
   * Those whose tokens may still live, in the order of their writing.
   * @param after a place in that order; the next ones are read.
   */
  page(
    queries: Queries,
    { after, limit, now }: { readonly after: RevocationPlace; readonly limit: number; readonly now: number },
  ): Promise<Revocation[]> {
    return queries
      .selectFrom('revocations')
      .selectAll()
      .where((eb) =>
        eb(
          eb.refTuple('created_at', 'kind', 'target'),
          '>',
          eb.tuple(after.created_at, after.kind as RevocationRow['kind'], after.target),
        ),
      )
      .where('expires_at', '>', now)
      .orderBy('created_at')
      .orderBy('kind')
      .orderBy('target')
      .limit(limit)
      .execute();
  },

  /** When the last one was written, in milliseconds since the Unix epoch; undefined: there is none. */
  async lastWritten(queries: Queries): Promise<number | undefined> {
    const { last } = await queries
      .selectFrom('revocations')
      .select((eb) => eb.fn.max<number | null>('created_at').as('last'))
      .executeTakeFirstOrThrow();
    return last ?? undefined;
  },

  async deleteExpired(queries: Queries, now: number): Promise<void> {
    await queries.deleteFrom('revocations').where('expires_at', '<=', now).execute();
  },
};
