import type { Database } from '../database/database.js';
import type { AuditRow } from '../database/schema.js';
import { readPage, type Page } from '../http/pagination.js';
import {
  auditListStore,
  type AuditFilter,
  type AuditPageQuery,
  type ChainedRow,
} from './audit-list.store.js';

const rowsPerRead = 500;

export class AuditLists {
  constructor(private readonly database: Database) {}

  /** A page in the order of times. Its cursor is the id of its last row. */
  list({ limit, ...query }: AuditPageQuery): Promise<Page<AuditRow>> {
    return readPage(limit, (max) => auditListStore.list(this.database.queries, { ...query, limit: max }));
  }

  /** Every chained row of a period, in the order of the chain; few of them are in memory at a time. */
  async *readChain(period: Pick<AuditFilter, 'from' | 'to'>): AsyncGenerator<ChainedRow> {
    const { from = -Infinity, to = Infinity } = period;
    const { queries } = this.database.longRunning;
    const span = await auditListStore.findSpan(queries, period);
    if (!span) return;
    for (let after = span.first - 1; after < span.last;) {
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
}
