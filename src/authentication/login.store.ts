import { sql, type RawBuilder } from 'kysely';
import type { Queries } from '../database/database.js';
import { compileOnce } from '../database/compiled-statement.js';
import { parseEmailAddress } from '../text/email-address.js';
import { toUsernameKey } from '../usernames/username.js';
import type { StoredUser } from '../users/users.store.js';
import type { PlacedUser } from './login-places.js';
import type { LoginPlace } from './login-places.store.js';

/** The columns of a user that a login needs. */
export type LoginUser = Pick<
  StoredUser,
  'id' | 'password_hash' | 'password_one_time' | 'one_time_expires_at' | 'disabled_at'
> &
  PlacedUser & { readonly session_epoch: number };

interface LoginOrigin {
  readonly username: string;
  /** As `getNetwork` returns it. */
  readonly network: string;
  /** Undefined: nothing is remembered of places. */
  readonly place?: LoginPlace | undefined;
  /** Whether the part of an address before the @ must have the case that it has in the account. */
  readonly isExact?: boolean;
}

export interface LoginLookup {
  readonly user: LoginUser | undefined;
  /** Whether the user has logged in from this network before. */
  readonly known: boolean;
}

type LoginValues = Readonly<Record<'key' | 'emailKey' | 'email' | 'network' | 'place' | 'agent', string>>;

type Row = { readonly [Column in keyof LoginUser]: LoginUser[Column] | null } & {
  readonly known: number | null;
};

/** No user has this key: names have no control characters. */
const unusedKey = '\u0001';

const columns = [
  'id',
  'password_hash',
  'password_one_time',
  'one_time_expires_at',
  'disabled_at',
  'second_factors',
  'session_epoch',
] as const satisfies readonly (keyof LoginUser)[];

/** Of the user with the name, otherwise of the one with the address. */
const selected = sql.join(
  columns.map((column) => {
    const [named, reached] = [sql.ref(`named.${column}`), sql.ref(`reached.${column}`)];
    return sql`case when named.id is not null then ${named} else ${reached} end as ${sql.ref(column)}`;
  }),
);

/**
 * Looks for a name and for a verified address, whichever there is. Returns one row and reads sessions for unknown names as well: both cases take the same time. Compiled once, which only
 * buys speed: building the login's statements each time, and one more read, took a fifth of the 2.4 ms that a login took of
 * the main thread.
 */
function createLoginQuery({ key, emailKey, email, network, place, agent }: LoginValues): RawBuilder<Row> {
  return sql<Row>`select ${selected},
    (select 1 from sessions where sessions.user_id = coalesce(named.id, reached.id, '') and sessions.network = ${network}
      limit 1) as known,
    (select last_used_at from latchkey_login_places places where places.user_id = coalesce(named.id, reached.id, '')
      and places.network = ${place} and places.agent = ${agent}) as place_used_at
    from (select 1 as one) as always left join users named on named.username_key = ${key}
    left join users reached on reached.email_key = ${emailKey} and reached.email_verified_at is not null
      and (${email} = '' or reached.email = ${email})`;
}

export const loginStore = {
  async find(
    queries: Queries,
    { username, network, place, isExact = false }: LoginOrigin,
  ): Promise<LoginLookup> {
    const key = toUsernameKey(username);
    // No user's name has a NUL in it, and PostgreSQL's text cannot hold one.
    const address = parseEmailAddress(username);
    const values = {
      key: key.includes('\0') ? unusedKey : key,
      emailKey: address?.key ?? unusedKey,
      email: isExact ? (address?.text ?? unusedKey) : '',
      network,
      place: place?.network ?? '',
      agent: place?.agent ?? '',
    };
    const query = compileOnce(queries, 'find a user who logs in', values, createLoginQuery);
    const [row] = (await queries.executeQuery(query)).rows;
    const isThere = row !== undefined && row.id !== null;
    return { user: isThere ? (row as LoginUser) : undefined, known: row?.known === 1 };
  },
};
