import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

/**
 * Columns that say what changed and who changed it, the place of a row in the chain, an index for each filter of the audit,
 * and the tables of the chain's head and of its seals. Earlier rows stay; they are chained like new ones.
 */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const integer = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  const end = dialect === 'sqlite' ? sql`strict` : sql``;

  const texts = ['actor_kind', 'actor_name', 'target_kind', 'target_name', 'user_agent', 'details', 'hash'];
  for (const column of texts) await sql`alter table audit add column ${sql.ref(column)} text`.execute(db);
  // Neither database rewrites the table to add a column with a constant default.
  await sql`alter table audit add column count ${integer} not null default 1`.execute(db);
  for (const column of ['last_at', 'sequence'])
    await sql`alter table audit add column ${sql.ref(column)} ${integer}`.execute(db);

  await sql`create unique index audit_by_sequence on audit (sequence)`.execute(db);
  await sql`create index audit_unchained on audit (id) where sequence is null`.execute(db);
  // Rows are listed in the order of their ids, which is that of their times.
  for (const [name, column] of Object.entries({
    audit_by_event: 'event',
    audit_by_actor: 'actor_id',
    audit_by_target: 'target',
    audit_by_address: 'address',
  }))
    await sql`create index ${sql.ref(name)} on audit (${sql.ref(column)}, id)`.execute(db);
  // Operators have a name alone.
  await sql`create index audit_by_operator on audit (actor_name, id) where actor_kind = 'operator'`.execute(
    db,
  );

  for (const [table, key] of [
    ['latchkey_audit_seals', 'day'],
    ['latchkey_audit_head', 'name'],
  ] as const) {
    const required = key === 'day' ? ['hash'] : ['day', 'hash'];
    let creating = db.schema
      .createTable(table)
      .addColumn(key, sql`text`, (column) => column.primaryKey().notNull());
    for (const column of [...required, 'base_hash', 'key_id', 'algorithm', 'signature'])
      creating = creating.addColumn(column, sql`text`, (each) => each.notNull());
    for (const column of ['at', 'sequence', 'base_sequence'])
      creating = creating.addColumn(column, integer, (each) => each.notNull());
    await creating
      .addColumn('public_key', sql`text`)
      .modifyEnd(end)
      .execute();
  }
}
