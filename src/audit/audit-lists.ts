import type { Database } from '../database/database.js';
import type { AuditRow } from '../database/schema.js';
import { nextTurn } from '../event-loop.js';
import { readPage, type Page } from '../http/pagination.js';
import {
  auditListStore,
  listConditions,
  type AuditCondition,
  type AuditFilter,
  type AuditPageQuery,
  type AuditPart,
  type ChainedRow,
} from './audit-list.store.js';

const rowsPerRead = 500;
/** How many rows of an index a statement looks at: one to two milliseconds. */
const defaultRowsPerPart = 1000;

/** Lists of the audit. However many rows there are, a statement takes milliseconds, and others run in between. */
export class AuditLists {
  /** @param rowsPerPart a smaller number, for tests. */
  constructor(
    private readonly database: Pick<Database, 'queries' | 'longRunning'>,
    private readonly rowsPerPart = defaultRowsPerPart,
  ) {}

  /** A page in the order of times. Its cursor is the id of its last row. */
  list({ limit, ...query }: AuditPageQuery): Promise<Page<AuditRow>> {
    const conditions = listConditions(query);
    return readPage(limit, (max) => this.#list({ ...query, limit: max }, conditions));
  }

  /** Every chained row of a period, in the order of the chain; few of them are in memory at a time. */
  async *readChain(period: Pick<AuditFilter, 'from' | 'to'>): AsyncGenerator<ChainedRow> {
    const { from = -Infinity, to = Infinity } = period;
    const { queries } = this.database.longRunning;
    const span = await auditListStore.findSpan(queries, period);
    if (!span) return;
    for (let after = span.first - 1; after < span.last;) {
      await nextTurn();
      const rows = await auditListStore.listChained(queries, { after, until: span.last, limit: rowsPerRead });
      const last = rows.at(-1);
      // The retention has deleted the rest meanwhile.
      if (!last) return;
      for (const row of rows) {
        if (row.at >= from && row.at < to) yield row;
      }
      after = last.sequence;
    }
  }

  /** By the index of the one condition, or of the ids; of several conditions, in parts: rows with all of them may be far between. */
  async #list(query: AuditPageQuery, conditions: readonly AuditCondition[]): Promise<AuditRow[]> {
    const { queries } = this.database;
    if (conditions.length < 2) return auditListStore.list(queries, { ...query, by: conditions[0] });
    const found: AuditRow[] = [];
    for (let { after } = query; ;) {
      const part = await this.#findPart({ ...query, after }, conditions);
      const limit = query.limit - found.length;
      found.push(...(await auditListStore.list(queries, { ...query, after, limit, ...part })));
      if (part.until === undefined || found.length >= query.limit) return found;
      after = part.until;
      await nextTurn();
    }
  }

  /** The next part by the index that gets farthest in it: there, the fewest rows have that condition. */
  async #findPart(query: AuditPageQuery, conditions: readonly AuditCondition[]): Promise<AuditPart> {
    const parts = [];
    for (const by of conditions) {
      const until = await auditListStore.findEnd(this.database.queries, { ...query, by }, this.rowsPerPart);
      if (until === undefined) return { by };
      parts.push({ by, until });
    }
    return parts.reduce((farthest, part) =>
      part.until > farthest.until === (query.order === 'oldest') ? part : farthest,
    );
  }
}
