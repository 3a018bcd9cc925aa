import { sql, type Kysely } from 'kysely';
import { skeletonKey } from '../../usernames/username-scripts.js';

const rowsPerStatement = 500;

/** What `usersStore` keeps of users, as far as this migration needs it. */
interface Users {
  users: { id: string; username: string; username_skeleton: string | null };
}

/**
 * From now on no name is set that looks like another user's. Those that are there stay as they are; of several that look
 * alike the oldest has the skeleton, and keeps others away.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('users')
    .addColumn('username_skeleton', sql`text`)
    .execute();
  const queries = db as Kysely<Users>;
  const taken = new Set<string>();
  for (let after = ''; ;) {
    const users = await queries
      .selectFrom('users')
      .select(['id', 'username'])
      .where('id', '>', after)
      .orderBy('id')
      .limit(rowsPerStatement)
      .execute();
    const last = users.at(-1);
    if (!last) break;
    after = last.id;
    const rows = users.flatMap(({ id, username }) => {
      const skeleton = skeletonKey(username);
      if (taken.has(skeleton)) return [];
      taken.add(skeleton);
      return [sql`(${id}, ${skeleton})`];
    });
    if (rows.length === 0) continue;
    await sql`update users set username_skeleton = made.column2
      from (values ${sql.join(rows)}) as made
      where users.id = made.column1`.execute(queries);
  }
  await db.schema.createIndex('users_by_skeleton').on('users').column('username_skeleton').unique().execute();
}
