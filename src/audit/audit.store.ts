import { sql, type RawBuilder } from 'kysely';
import type { Clock } from '../clock.js';
import type { Queries } from '../database/database.js';
import { prepareOnce } from '../database/compiled-statement.js';
import type { AuditRow } from '../database/schema.js';
import { toStoredClient, type RequestContext } from '../http/request-context.js';
import { createId } from '../ids.js';
import type { Actor } from './actor.js';
import type { AuditEvent, TargetKind } from './audit-events.js';

/** What JSON can say, and never a secret. */
export type AuditDetails = Readonly<Record<string, unknown>>;

export interface AuditTarget {
  readonly kind: TargetKind;
  /** The name of a role, the id of all others. */
  readonly id: string;
  /** The name now. Of a user or a client that has none here, the audit looks it up. */
  readonly name?: string | undefined;
}

export interface AuditEntry {
  readonly event: AuditEvent;
  /** Undefined: nobody is known to have acted, as in a failed login. */
  readonly actor?: Actor | undefined;
  /** Where it came from, if there is no actor. */
  readonly context?: RequestContext | undefined;
  readonly target?: AuditTarget | undefined;
  /** The session that it happens to; by default the one that the actor acts in. */
  readonly sessionId?: string | undefined;
  readonly details?: AuditDetails | undefined;
}

/** An entry that stands for several like it. Its address and agent are those of the first. */
export interface CountedEntry extends AuditEntry {
  readonly count: number;
  /** Milliseconds since the Unix epoch. */
  readonly firstAt: number;
  readonly lastAt: number;
}

type NewRow = Omit<AuditRow, 'sequence' | 'hash'>;

/** PostgreSQL takes 65,535 parameters in a statement, SQLite 32,766. */
const rowsPerStatement = 500;

export const auditStore = {
  /** To be called in the transaction of the change, so that both are committed or neither. */
  async add(queries: Queries, clock: Clock, entry: AuditEntry): Promise<void> {
    await queries.executeQuery(auditStore.prepareAdd(queries, clock, entry).compile());
  },

  /** The same, to be executed in a batch. */
  prepareAdd(queries: Queries, clock: Clock, entry: AuditEntry) {
    return prepareInsert(queries, createRow(entry, clock.now()));
  },

  /** A row as it will be in the database, for what is chained in the batch that adds it. */
  createRow,

  prepareAddRow(queries: Queries, row: NewRow) {
    return prepareInsert(queries, row);
  },

  /** Several at once, as of an import. Names are not looked up. */
  async addMany(queries: Queries, clock: Clock, entries: readonly AuditEntry[]): Promise<void> {
    await insertRows(
      queries,
      entries.map((entry) => createRow(entry, clock.now())),
    );
  },

  /** What was counted before. */
  async addCounted(queries: Queries, entry: CountedEntry): Promise<void> {
    const row = { ...createRow(entry, entry.firstAt), count: entry.count, last_at: entry.lastAt };
    await queries.executeQuery(prepareInsert(queries, row).compile());
  },
};

/** What differs between two states, as `details` says it: field → both values. */
export function describeChanges(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Record<string, { readonly from: unknown; readonly to: unknown }> {
  return Object.fromEntries(
    Object.keys(after)
      .filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
      .map((field) => [field, { from: before[field], to: after[field] }]),
  );
}

function prepareInsert(queries: Queries, row: NewRow) {
  const actor = getNamedTable(row.actor_kind, row.actor_name);
  const target = getNamedTable(row.target_kind, row.target_name);
  return prepareOnce(
    queries,
    `add to the audit, with names from ${actor ?? '-'} and ${target ?? '-'}`,
    row,
    (slots) =>
      queries.insertInto('audit').values({
        ...slots,
        ...(actor && { actor_name: selectName(actor, slots.actor_id) }),
        ...(target && { target_name: selectName(target, slots.target) }),
      }),
  );
}

async function insertRows(queries: Queries, rows: readonly NewRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += rowsPerStatement) {
    await queries
      .insertInto('audit')
      .values(rows.slice(from, from + rowsPerStatement))
      .execute();
  }
}

function createRow({ event, actor, target, sessionId, details, ...entry }: AuditEntry, at: number): NewRow {
  const { context = entry.context } = actor ?? {};
  return {
    // Lists are in the order of ids: the id has the row's time.
    id: createId({ now: () => at }),
    at,
    event,
    actor_kind: actor?.kind ?? null,
    actor_id: actor?.id ?? null,
    actor_name: actor?.name ?? null,
    target_kind: target?.kind ?? null,
    target: target?.id ?? null,
    target_name: target?.name ?? null,
    session_id: sessionId ?? actor?.sessionId ?? null,
    ...toStoredClient(context ?? { address: null, userAgent: null }),
    request_id: context?.requestId ?? null,
    details: details === undefined ? null : JSON.stringify(details),
    count: 1,
    last_at: null,
  };
}

/** Where to look a name up that the entry does not have. */
function getNamedTable(kind: string | null, name: string | null): 'users' | 'clients' | undefined {
  if (name !== null) return undefined;
  return kind === 'user' ? 'users' : kind === 'client' ? 'clients' : undefined;
}

function selectName(table: 'users' | 'clients', id: string | null): RawBuilder<string | null> {
  const column = table === 'users' ? 'username' : 'name';
  return sql`(select ${sql.ref(column)} from ${sql.table(table)} where id = ${id})`;
}
