import { expect } from 'chai';
import { v7 } from 'uuid';
import { AuditLists } from '../../src/audit/audit-lists.js';
import type { AuditFilter, AuditOrder } from '../../src/audit/audit-list.store.js';
import type { AuditRow } from '../../src/database/schema.js';
import { addAuditRows } from '../support/audit-rows.js';
import { recordTime } from '../support/records.js';
import { describeStore } from '../support/store-contract.js';

const [often, seldom] = [v7(), v7()];
const count = 60;

/** Each condition is there often or seldom, in another rhythm. */
const values = {
  event: [undefined, 'login', 'logout'],
  actor: [undefined, often, seldom, 'root'],
  target: [undefined, often, seldom],
  address: [undefined, '192.0.2.1'],
  from: [undefined, recordTime + 9],
} as const;

function listFilters(): AuditFilter[] {
  return Object.entries(values)
    .reduce<AuditFilter[]>(
      (filters, [name, each]) =>
        filters.flatMap((filter) => each.map((value) => ({ ...filter, [name]: value }))),
      [{}],
    )
    .map((filter) => ({ ...filter, to: filter.from && recordTime + 51 }));
}

function isListed(
  row: AuditRow,
  { event, actor, target, address, from = 0, to = Infinity }: AuditFilter,
): boolean {
  const isActor =
    actor === undefined ||
    actor === row.actor_id ||
    (row.actor_kind === 'operator' && row.actor_name === actor);
  return (
    isActor &&
    (event ?? row.event) === row.event &&
    (target ?? row.target) === row.target &&
    (address ?? row.address) === row.address &&
    row.at >= from &&
    row.at < to
  );
}

describeStore('Lists of the audit', (on) => {
  let rows: AuditRow[] = [];
  before(async () => {
    rows = await addAuditRows(on.queries, count, (index) => ({
      event: index % 9 === 0 ? 'logout' : 'login',
      target: index % 2 === 0 ? often : index % 5 === 0 ? seldom : null,
      address: index % 3 === 0 ? '192.0.2.1' : index % 7 === 0 ? '192.0.2.2' : null,
      // A user may have the name of an operator.
      ...(index % 4 === 0
        ? { actor_kind: 'operator', actor_name: 'root' }
        : { actor_kind: 'user', actor_name: 'root', actor_id: index % 11 === 0 ? seldom : often }),
    }));
  });

  it('have what every combination of conditions leaves, in both orders, in pages, read in whatever parts', async () => {
    for (const rowsPerPart of [3, 1000]) {
      const lists = new AuditLists(on.database, rowsPerPart);
      for (const filter of listFilters()) {
        for (const order of ['newest', 'oldest'] satisfies AuditOrder[]) {
          const what = `${JSON.stringify(filter)}, ${order}, in parts of ${rowsPerPart}`;
          const ids = rows.filter((row) => isListed(row, filter)).map(({ id }) => id);
          const expected = order === 'oldest' ? ids : ids.reverse();
          const found: string[] = [];
          let after: string | undefined;
          do {
            const page = await lists.list({ ...filter, order, limit: 7, after });
            found.push(...page.rows.map(({ id }) => id));
            after = page.next;
          } while (after !== undefined);
          expect(found, what).to.deep.equal(expected);
        }
      }
    }
  });

  it('begin after a cursor, wherever it is beside the times', async () => {
    const lists = new AuditLists(on.database, 2);
    const filter = { from: recordTime + 20, to: recordTime + 40, event: 'login', target: often };
    for (const order of ['newest', 'oldest'] satisfies AuditOrder[]) {
      for (const cursor of [rows[5], rows[30], rows[50]]) {
        const after = cursor?.id ?? '';
        const page = await lists.list({ ...filter, order, limit: 50, after });
        const ids = rows
          .filter((row) => isListed(row, filter) && (order === 'oldest' ? row.id > after : row.id < after))
          .map(({ id }) => id);
        expect(page.rows.map(({ id }) => id)).to.deep.equal(order === 'oldest' ? ids : ids.reverse());
      }
    }
  });
});
