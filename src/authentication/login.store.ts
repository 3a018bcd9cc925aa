import { sql } from 'kysely';
import type { Queries } from '../database/database.js';
import { CompiledStatement } from '../database/compiled-statement.js';
import { usernameKey } from '../usernames/username.js';
import type { StoredUser } from '../users/users.store.js';

/** What a login asks of a user. */
export type LoginUser = Pick<
  StoredUser,
  'id' | 'password_hash' | 'password_one_time' | 'one_time_expires_at' | 'disabled_at'
>;

interface LoginOrigin {
  readonly username: string;
  /** As `networkOf` gives it. */
  readonly network: string;
}

interface LoginLookup {
  readonly user: LoginUser | undefined;
  /** Whether a session of the user has begun in the network. */
  readonly known: boolean;
}

type Row = { readonly [Column in keyof LoginUser]: LoginUser[Column] | null } & {
  readonly known: number | null;
};

/** No user's name is like that: it has a control character. */
const unusedKey = '\u0001';

/**
 * One row in any case, and the sessions are looked at for a name that nobody has, too: both cases take as long. Compiled once,
 * as the login's other statements are: checks of passwords leave nothing in the processor's caches, and building statements
 * took, with one read more, a fifth of the 2.4 ms that a login took of the service's own thread.
 */
const loginQuery = new CompiledStatement<{ readonly key: string; readonly network: string }, Row>(
  ['key', 'network'],
  ({ key, network }) => sql<Row>`select users.id, users.password_hash, users.password_one_time,
    users.one_time_expires_at, users.disabled_at,
    (select 1 from sessions where sessions.user_id = coalesce(users.id, '') and sessions.network = ${network} limit 1)
      as known
    from (select 1 as one) as always left join users on users.username_key = ${key}`,
);

export const loginStore = {
  /** The user of a name, and whether the user has logged in from a network before. */
  async find(queries: Queries, { username, network }: LoginOrigin): Promise<LoginLookup> {
    const key = usernameKey(username);
    // No user's name has a NUL in it, and PostgreSQL's text cannot hold one.
    const values = { key: key.includes('\0') ? unusedKey : key, network };
    const [row] = await loginQuery.execute(queries, values, undefined);
    const isThere = row !== undefined && row.id !== null;
    return { user: isThere ? (row as LoginUser) : undefined, known: row?.known === 1 };
  },
};
