import type { SelectQueryBuilder } from 'kysely';
import type { Queries } from '../database/database.js';
import type { AuditRow, Schema } from '../database/schema.js';
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
  /** A page in the order of ids, which is that of times. */
  list(queries: Queries, { order, limit, after, ...filter }: AuditPageQuery): Promise<AuditRow[]> {
    const isOldestFirst = order === 'oldest';
    let query = filterRows(selectAuditRows(queries), filter)
      .orderBy('id', isOldestFirst ? 'asc' : 'desc')
      .limit(limit);
    if (after !== undefined) query = query.where('id', isOldestFirst ? '>' : '<', after);
    return query.execute();
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
    const { first, last } = await filterRows(
      queries
        .selectFrom('audit')
        .select(({ fn }) => [fn.min('sequence').as('first'), fn.max('sequence').as('last')]),
      period,
    ).executeTakeFirstOrThrow();
    return first === null ? undefined : { first, last: last ?? first };
  },
};

function filterRows<Row>(
  rows: SelectQueryBuilder<Schema, 'audit', Row>,
  { event, actor, target, address, from, to }: AuditFilter,
): SelectQueryBuilder<Schema, 'audit', Row> {
  let query = rows;
  if (event !== undefined) query = query.where('event', '=', event);
  if (actor !== undefined) {
    query = isId(actor)
      ? query.where('actor_id', '=', actor)
      : query.where('actor_kind', '=', 'operator').where('actor_name', '=', actor);
  }
  if (target !== undefined) query = query.where('target', '=', target);
  if (address !== undefined) query = query.where('address', '=', address);
  // Ids begin with the time, and every index ends with them.
  if (from !== undefined) query = query.where('id', '>=', findFirstIdAt(from));
  if (to !== undefined) query = query.where('id', '<', findFirstIdAt(to));
  return query;
}
