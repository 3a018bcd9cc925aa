import { sql, type Compilable, type SelectQueryBuilder } from 'kysely';
import type { Queries } from '../database/database.js';
import { readByIndex } from '../database/read-by-index.js';
import type { AuditHeadRow, AuditRow, AuditSealRow, Schema } from '../database/schema.js';
import { hashedColumns } from './audit-hash.js';
import { headName } from './audit-seals.js';

export interface ChainPlace {
  readonly id: string;
  readonly sequence: number;
  readonly hash: string;
}

export interface ChainPage {
  /** The sequence before the page. */
  readonly after: number;
  /** The last sequence that may be in it: nothing behind the head is in the chain. */
  readonly until?: number | undefined;
  readonly limit: number;
}

const integers = ['at', 'sequence', 'count', 'last_at'] as const;
type IntegerColumn = (typeof integers)[number];
const texts = [...hashedColumns, 'hash' as const].filter(
  (column): column is Exclude<keyof AuditRow, IntegerColumn> =>
    !(integers as readonly string[]).includes(column),
);

/**
 * Rows with all columns. A number that JavaScript does not have, which no service writes, is read as the largest that it has: one
 * such row would otherwise make all others unreadable (SQLite) or two of them alike (PostgreSQL). Its hash tells of it.
 */
export function selectAuditRows(queries: Queries): SelectQueryBuilder<Schema, 'audit', AuditRow> {
  const max = sql.lit(Number.MAX_SAFE_INTEGER);
  return queries.selectFrom('audit').select([
    ...texts,
    ...integers.map((column) => {
      const ref = sql.ref(column);
      return sql<number>`case when ${ref} not between -${max} and ${max} then ${max} else ${ref} end`.as(
        column,
      );
    }),
  ]);
}

/** The chain over the rows of the audit: its head, its seals, and the rows in its order. */
export const auditChainStore = {
  findHead(queries: Queries): Promise<AuditHeadRow | undefined> {
    return queries
      .selectFrom('latchkey_audit_head')
      .selectAll()
      .where('name', '=', headName)
      .executeTakeFirst();
  },

  /**
   * In the order of their times. Without the name of the index, SQLite takes that of all places, because places are unique: for
   * each page it would read and sort all rows that have none.
   */
  listUnchained(queries: Queries, limit: number): Promise<AuditRow[]> {
    const unchained = readByIndex(queries, 'audit', 'audit_unchained');
    return selectAuditRows(queries)
      .where(
        'id',
        'in',
        sql<string>`(select id from ${unchained} where sequence is null order by id limit ${limit})`,
      )
      .orderBy('id')
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
      .where('name', '=', headName)
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

  /** Deletes the seals of earlier rows. */
  prepareDeleteSeals(queries: Queries, sequence: number): Compilable {
    return queries.deleteFrom('latchkey_audit_seals').where('sequence', '<', sequence);
  },

  /** Rows in the order of the chain. */
  listChained(queries: Queries, { after, until, limit }: ChainPage): Promise<AuditRow[]> {
    let query = selectAuditRows(queries).where('audit.sequence', '>', after);
    if (until !== undefined) query = query.where('audit.sequence', '<=', until);
    return query.orderBy('audit.sequence').limit(limit).execute();
  },

  /** Rows with a place that the chain does not have, or has no more, the first of them. */
  findOutside(queries: Queries, until: number): Promise<AuditRow | undefined> {
    return selectAuditRows(queries)
      .where('audit.sequence', '<=', until)
      .orderBy('audit.sequence')
      .limit(1)
      .executeTakeFirst();
  },

  /** Deletes rows that the chain begins after. @returns how many. */
  async deleteUntil(queries: Queries, sequence: number, limit: number): Promise<number> {
    const { numDeletedRows } = await queries
      .deleteFrom('audit')
      .where('sequence', 'in', (eb) =>
        eb
          .selectFrom('audit')
          .select('sequence')
          .where('sequence', '>', 0)
          .where('sequence', '<=', sequence)
          .orderBy('sequence')
          .limit(limit),
      )
      .executeTakeFirst();
    return Number(numDeletedRows);
  },
};
