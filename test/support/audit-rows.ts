import { v7 } from 'uuid';
import type { Queries } from '../../src/database/database.js';
import type { AuditRow } from '../../src/database/schema.js';
import { recordTime } from './records.js';

const rowsPerStatement = 500;

/** Puts rows into the audit, each in a millisecond of its own. @param create what each row has, by its number. */
export async function addAuditRows(
  queries: Queries,
  count: number,
  create: (index: number) => Partial<AuditRow>,
): Promise<AuditRow[]> {
  const rows = Array.from({ length: count }, (_, index): AuditRow => {
    const at = recordTime + index;
    return {
      ...{ id: v7({ msecs: at }), at, event: 'login', count: 1, last_at: null },
      ...{ actor_kind: null, actor_id: null, actor_name: null },
      ...{ target_kind: null, target: null, target_name: null },
      ...{ session_id: null, address: null, user_agent: null, request_id: null, details: null },
      ...{ sequence: null, hash: null },
      ...create(index),
    };
  });
  for (let from = 0; from < count; from += rowsPerStatement)
    await queries
      .insertInto('audit')
      .values(rows.slice(from, from + rowsPerStatement))
      .execute();
  return rows;
}
