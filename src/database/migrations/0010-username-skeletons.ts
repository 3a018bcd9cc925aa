import { sql, type Kysely } from 'kysely';
import { computeSkeletonKey } from '../../usernames/username-scripts.js';

const rowsPerStatement = 500;

/** The columns of `users` that this migration needs, as they were at its time. */
interface Users {
  users: { id: string; username: string; username_skeleton: string | null };
}

/**
 * A column for checking that no new name looks like another user's. Existing names stay; of several that look alike the
 * oldest gets the skeleton, which keeps new ones from being set.
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
      const skeleton = computeSkeletonKey(username);
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
