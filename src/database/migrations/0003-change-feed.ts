import { sql, type Kysely } from 'kysely';
import type { MigrationContext } from './context.js';

/**
 * On PostgreSQL, triggers notify the replicas of revocations and keys in the transaction that writes them: no statement
 * can forget it, and it takes no round trip. A notification has fewer than 8,000 bytes; 80 rows take about 7,000. After
 * very many rows the replicas are told to read the whole table.
 */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  await db.schema.dropIndex('revocations_by_creation').execute();
  if (dialect === 'sqlite') return;

  await sql`
    create function latchkey_notify_revocations() returns trigger language plpgsql as $$
    declare
      payload text;
    begin
      if (select count(*) from changed) > 8000 then
        perform pg_notify('latchkey_changes', 'all');
        return null;
      end if;
      for payload in
        select json_agg(json_build_array(kind, target, version, expires_at))::text
        from (select changed.*, (row_number() over () - 1) / 80 as batch from changed) numbered
        group by batch
      loop
        perform pg_notify('latchkey_changes', case when octet_length(payload) < 8000 then payload else 'all' end);
      end loop;
      return null;
    end $$`.execute(db);
  for (const event of ['insert', 'update']) {
    await sql`create trigger ${sql.ref(`notify_${event}`)} after ${sql.raw(event)} on revocations
      referencing new table as changed
      for each statement execute function latchkey_notify_revocations()`.execute(db);
  }

  await sql`
    create function latchkey_notify_keys() returns trigger language plpgsql as $$
    begin
      perform pg_notify('latchkey_changes', 'keys');
      return null;
    end $$`.execute(db);
  await sql`create trigger notify_keys after insert or update or delete on keys
    for each statement execute function latchkey_notify_keys()`.execute(db);
}
