import { sql, type Compilable } from 'kysely';
import type { Queries } from '../database/database.js';
import type { AuditHeadRow, AuditRow, AuditSealRow } from '../database/schema.js';

export interface ChainPlace {
  readonly id: string;
  readonly sequence: number;
  readonly hash: string;
}

/** The chain over the rows of the audit: its head, its seals, and the rows in its order. */
export const auditChainStore = {
  findHead(queries: Queries): Promise<AuditHeadRow | undefined> {
    return queries.selectFrom('latchkey_audit_head').selectAll().executeTakeFirst();
  },

  /** In the order of their times. */
  listUnchained(queries: Queries, limit: number): Promise<AuditRow[]> {
    return queries
      .selectFrom('audit')
      .selectAll()
      .where('sequence', 'is', null)
      .orderBy('id')
      .limit(limit)
      .execute();
  },

  async countUnchained(queries: Queries): Promise<number> {
    const { count } = await queries
      .selectFrom('audit')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('sequence', 'is', null)
      .executeTakeFirstOrThrow();
    return count;
  },

  /**
   * Moves the head, unless another process has moved it since it was read; then the statement returns no row.
   * @param before undefined: there was none.
   */
  prepareMove(queries: Queries, before: AuditHeadRow | undefined, after: AuditHeadRow): Compilable {
    if (!before) {
      return queries
        .insertInto('latchkey_audit_head')
        .values(after)
        .onConflict((conflict) => conflict.column('name').doNothing())
        .returning('name');
    }
    return queries
      .updateTable('latchkey_audit_head')
      .set(after)
      .where('name', '=', 'head')
      .where('sequence', '=', before.sequence)
      .where('signature', '=', before.signature)
      .returning('name');
  },

  /** Gives rows their places. The plus keeps SQLite from going through all unchained rows: it is to find each by its id. */
  prepareChaining(queries: Queries, places: readonly ChainPlace[]): Compilable {
    const rows = places.map(({ id, sequence, hash }) => sql`(${id}, ${sequence}, ${hash})`);
    return {
      compile: () =>
        sql`update audit set sequence = cast(made.column2 as bigint), hash = made.column3
          from (values ${sql.join(rows)}) as made
          where audit.id = made.column1 and +audit.sequence is null`.compile(queries),
    };
  },

  prepareSeal(queries: Queries, seal: AuditSealRow): Compilable {
    return queries
      .insertInto('latchkey_audit_seals')
      .values(seal)
      .onConflict((conflict) => conflict.column('day').doNothing());
  },

  /** Oldest first. */
  listSeals(queries: Queries): Promise<AuditSealRow[]> {
    return queries.selectFrom('latchkey_audit_seals').selectAll().orderBy('day').execute();
  },

  /** The newest seal of a day or of an earlier one. */
  findSealUntil(queries: Queries, day: string): Promise<AuditSealRow | undefined> {
    return queries
      .selectFrom('latchkey_audit_seals')
      .selectAll()
      .where('day', '<=', day)
      .orderBy('day', 'desc')
      .limit(1)
      .executeTakeFirst();
  },

  /** Deletes the seals of before a row of the chain. */
  prepareDeleteSeals(queries: Queries, sequence: number): Compilable {
    return queries.deleteFrom('latchkey_audit_seals').where('sequence', '<', sequence);
  },

  /** Rows in the order of the chain. @param page `after`: the sequence before the page. */
  listChained(
    queries: Queries,
    { after, limit }: { readonly after: number; readonly limit: number },
  ): Promise<AuditRow[]> {
    return queries
      .selectFrom('audit')
      .selectAll()
      .where('sequence', '>', after)
      .orderBy('sequence')
      .limit(limit)
      .execute();
  },

  /** Deletes rows that the chain begins after. @returns how many. */
  async deleteUntil(queries: Queries, sequence: number, limit: number): Promise<number> {
    const { numDeletedRows } = await queries
      .deleteFrom('audit')
      .where('sequence', 'in', (eb) =>
        eb
          .selectFrom('audit')
          .select('sequence')
          .where('sequence', '<=', sequence)
          .orderBy('sequence')
          .limit(limit),
      )
      .executeTakeFirst();
    return Number(numDeletedRows);
  },
};
