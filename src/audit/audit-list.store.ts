import { sql, type RawBuilder } from 'kysely';
import type { Queries } from '../database/database.js';
import type { AuditRow } from '../database/schema.js';
import { findFirstIdAt, isId } from '../ids.js';
import { auditChainStore, selectAuditRows, type ChainPage, type ChainPlace } from './audit-chain.store.js';

/** Which rows to list: those that all of the given conditions hold for. */
export interface AuditFilter {
  readonly event?: string | undefined;
  /** The id of a user or a client, or the system user of a command. */
  readonly actor?: string | undefined;
  /** The id of a user, a client or a key, or the name of a role. */
  readonly target?: string | undefined;
  readonly address?: string | undefined;
  /** Milliseconds since the Unix epoch; the first that is listed. */
  readonly from?: number | undefined;
  /** Milliseconds since the Unix epoch; the first that is not. */
  readonly to?: number | undefined;
}

export type AuditOrder = 'newest' | 'oldest';

export interface AuditPageQuery extends AuditFilter {
  readonly order: AuditOrder;
  readonly limit: number;
  /** The id of the row before the page. */
  readonly after: string | undefined;
}

/** Each has an index, which is in the order of ids. */
export type AuditCondition = 'event' | 'actor' | 'target' | 'address';

/** A part of a list, and how to read it. */
export interface AuditPart {
  /** The condition by whose index the rows are found; undefined: by that of the ids. */
  readonly by: AuditCondition | undefined;
  /** The id of the last row that may be in the part; undefined: the end of the list. */
  readonly until?: string | undefined;
}

const conditions: readonly AuditCondition[] = ['target', 'actor', 'address', 'event'];

type Period = Pick<AuditFilter, 'from' | 'to'>;

/** Where a row is in the chain. */
export type ChainPosition = Pick<ChainPlace, 'sequence' | 'hash'>;

/** A row that has its place in the chain. */
export type ChainedRow = AuditRow & ChainPosition;

interface ChainSpan {
  readonly first: number;
  readonly last: number;
}

/** Reads the audit, each time from an index. */
export const auditListStore = {
  /** A part of a page in the order of ids, which is that of times. */
  list(queries: Queries, query: AuditPageQuery & AuditPart): Promise<AuditRow[]> {
    return selectAuditRows(queries)
      .where(joinConditions([...buildBounds(query), ...buildFilter(query)]))
      .orderBy('id', query.order === 'oldest' ? 'asc' : 'desc')
      .limit(query.limit)
      .execute();
  },

  /** The id of the last of the next `rows` rows that one condition leaves, whatever the others; undefined: there are fewer. */
  async findEnd(
    queries: Queries,
    { by, ...query }: AuditPageQuery & { readonly by: AuditCondition },
    rows: number,
  ): Promise<string | undefined> {
    const row = await queries
      .selectFrom('audit')
      .select('id')
      .where(joinConditions([...buildBounds(query), ...buildFilter({ [by]: query[by], by })]))
      .orderBy('id', query.order === 'oldest' ? 'asc' : 'desc')
      .limit(1)
      .offset(rows - 1)
      .executeTakeFirst();
    return row?.id;
  },

  async listChained(queries: Queries, page: ChainPage): Promise<ChainedRow[]> {
    return (await auditChainStore.listChained(queries, page)) as ChainedRow[];
  },

  /** @returns undefined if there is no row with that place. */
  async findPlace(queries: Queries, sequence: number): Promise<ChainPosition | undefined> {
    const row = await queries
      .selectFrom('audit')
      .select(['sequence', 'hash'])
      .where('sequence', '=', sequence)
      .executeTakeFirst();
    return row as ChainPosition | undefined;
  },

  /** The places of the first and the last chained row of a period; undefined if it has none. */
  async findSpan(queries: Queries, period: Period): Promise<ChainSpan | undefined> {
    const { first, last } = await queries
      .selectFrom('audit')
      .select(({ fn }) => [fn.min('sequence').as('first'), fn.max('sequence').as('last')])
      .where(joinConditions(buildBounds(period)))
      .executeTakeFirstOrThrow();
    return first === null ? undefined : { first, last: last ?? first };
  },
};

type Condition = RawBuilder<boolean>;

export function listConditions(filter: AuditFilter): AuditCondition[] {
  return conditions.filter((condition) => filter[condition] !== undefined);
}

interface Bound {
  readonly operator: '<' | '<=' | '>' | '>=';
  readonly id: string;
}

/** The first and the last id of a part. Ids begin with the time, and every index ends with them. */
function buildBounds({ order, after, until, from, to }: Partial<AuditPageQuery & AuditPart>): Condition[] {
  const isOldestFirst = order === 'oldest';
  const start: Bound[] = after === undefined ? [] : [{ operator: isOldestFirst ? '>' : '<', id: after }];
  const end: Bound[] = until === undefined ? [] : [{ operator: isOldestFirst ? '<=' : '>=', id: until }];
  const lower = isOldestFirst ? start : end;
  const upper = isOldestFirst ? end : start;
  if (from !== undefined) lower.push({ operator: '>=', id: findFirstIdAt(from) });
  if (to !== undefined) upper.push({ operator: '<', id: findFirstIdAt(to) });
  // One condition at each end: of two, SQLite would seek to one, and read all rows up to the other.
  return [...lower.sort(compareIds).slice(-1), ...upper.sort(compareIds).slice(0, 1)].map(
    ({ operator, id }) => sql<boolean>`audit.id ${sql.raw(operator)} ${id}`,
  );
}

function compareIds(a: Bound, b: Bound): number {
  return a.id < b.id ? -1 : 1;
}

/** The conditions, written so that no index but one has them: SQLite has no statistics, and would take any. */
function buildFilter({ by, ...filter }: AuditFilter & AuditPart): Condition[] {
  return listConditions(filter).flatMap((condition) => {
    const value = filter[condition] ?? '';
    const column = (name: keyof AuditRow): RawBuilder<unknown> =>
      condition === by ? sql.ref(name) : sql`(${sql.ref(name)} || '')`;
    if (condition !== 'actor') return [sql<boolean>`${column(condition)} = ${value}`];
    if (isId(value)) return [sql<boolean>`${column('actor_id')} = ${value}`];
    return [
      sql<boolean>`${column('actor_kind')} = 'operator'`,
      sql<boolean>`${column('actor_name')} = ${value}`,
    ];
  });
}

function joinConditions(all: readonly Condition[]): Condition {
  return all.length === 0 ? sql<boolean>`true` : sql.join<boolean>(all, sql` and `);
}
