import { sql, type Kysely } from 'kysely';
import { parseEmailAddress } from '../../text/email-address.js';
import type { MigrationContext } from './context.js';

const rowsPerStatement = 500;

/** The columns that this migration needs, as they were at its time. */
interface Tables {
  users: { id: string; username_key: string; email_key: string | null };
  latchkey_foreign_ids: {
    user_id: string;
    email: string | null;
    email_verified: number;
    imported_at: number;
  };
}

/** E-mail: accounts' addresses, the messages that wait to be sent, and the key that encrypts what they say. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const integer = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`;
  const end = dialect === 'sqlite' ? sql`strict` : sql``;

  await db.schema
    .alterTable('users')
    .addColumn('email', sql`text`)
    .execute();
  // Compared and listed by code points, as in SQLite.
  await db.schema.alterTable('users').addColumn('email_key', text).execute();
  await db.schema.alterTable('users').addColumn('email_verified_at', integer).execute();
  await db.schema
    .alterTable('users')
    .addColumn('display_name', sql`text`)
    .execute();
  await db.schema
    .alterTable('users')
    .addColumn('language', sql`text`)
    .execute();
  await db.schema.createIndex('users_by_email').on('users').column('email_key').unique().execute();

  // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- TypeScript 5 needs it
  await takeAddressesOver(db as Kysely<Tables>);

  let creating = db.schema
    .createTable('latchkey_outbox')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('key', sql`text`);
  for (const column of ['template', 'language', 'address', 'state'])
    creating = creating.addColumn(column, sql`text`, (each) => each.notNull());
  for (const column of ['user_id', 'sealed_variables', 'last_error'])
    creating = creating.addColumn(column, sql`text`);
  for (const column of ['attempts', 'created_at', 'due_at', 'expires_at'])
    creating = creating.addColumn(column, integer, (each) => each.notNull());
  await creating.addColumn('done_at', integer).modifyEnd(end).execute();
  await db.schema
    .createIndex('latchkey_outbox_by_key')
    .on('latchkey_outbox')
    .column('key')
    .unique()
    .execute();
  await sql`create index latchkey_outbox_waiting on latchkey_outbox (due_at) where state = 'waiting'`.execute(
    db,
  );
  await db.schema
    .createIndex('latchkey_outbox_by_expiry')
    .on('latchkey_outbox')
    .column('expires_at')
    .execute();

  await db.schema
    .createTable('latchkey_leases')
    .addColumn('name', sql`text`, (column) => column.primaryKey().notNull())
    .addColumn('holder', sql`text`)
    .addColumn('free_at', integer, (column) => column.notNull())
    .addColumn('failures', integer, (column) => column.notNull())
    .modifyEnd(end)
    .execute();

  await db.schema
    .createTable('latchkey_data_keys')
    .addColumn('purpose', sql`text`, (column) => column.primaryKey().notNull())
    .addColumn('id', sql`text`, (column) => column.notNull())
    .addColumn('sealed_key', sql`text`, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .modifyEnd(end)
    .execute();
}

/**
 * Imported users get the addresses that they had elsewhere. Of several with one address the first has it; nobody gets what is
 * another user's name.
 */
async function takeAddressesOver(db: Kysely<Tables>): Promise<void> {
  const taken = new Set<string>();
  for (let after = ''; ;) {
    const found = await db
      .selectFrom('latchkey_foreign_ids')
      .select(['user_id', 'email', 'email_verified', 'imported_at'])
      .where('user_id', '>', after)
      .where('email', 'is not', null)
      .orderBy('user_id')
      .limit(rowsPerStatement)
      .execute();
    const last = found.at(-1);
    if (!last) return;
    after = last.user_id;
    const wanted = found.flatMap((row) => {
      const address = parseEmailAddress(row.email ?? '');
      if (!address || taken.has(address.key)) return [];
      taken.add(address.key);
      return [{ ...row, address }];
    });
    if (wanted.length === 0) continue;
    const named = await db
      .selectFrom('users')
      .select(['id', 'username_key'])
      .where(
        'username_key',
        'in',
        wanted.map(({ address }) => address.key),
      )
      .execute();
    const holders = new Map(named.map(({ id, username_key: key }) => [key, id]));
    const rows = wanted
      .filter(({ user_id: id, address }) => (holders.get(address.key) ?? id) === id)
      .map(
        ({ user_id: id, address, email_verified: verified, imported_at: at }) =>
          sql`(${id}, ${address.text}, ${address.key}, cast(${verified === 1 ? at : null} as bigint))`,
      );
    if (rows.length === 0) continue;
    await sql`update users set email = made.column2, email_key = made.column3, email_verified_at = made.column4
      from (values ${sql.join(rows)}) as made
      where users.id = made.column1`.execute(db);
  }
}
