import { fields, FieldError, readNamed, toRecord, type UserSource } from '../foreign-user.js';
import type { RevokedTokens } from '../revoked-tokens.js';
import { StartError } from '../../start-error.js';
import { quote, separator, splitJoined, type SourceDatabase } from './source-database.js';

/** What a column is for → the names that it usually has. */
const usualNames = {
  id: ['id', 'user_id', 'uid'],
  username: ['username', 'user_name', 'login', 'name', 'email'],
  email: ['email', 'mail', 'email_address'],
  password: [
    'password_hash',
    'password',
    '_password',
    '_password_hash',
    'pw_hash',
    'passwd',
    'hashed_password',
  ],
  active: ['active', 'is_active', 'enabled'],
  disabled: ['disabled', 'is_disabled', 'banned'],
  confirmed: ['email_confirmed', 'confirmed', 'confirmed_at', 'email_verified', 'email_confirmed_at'],
  role: ['role', 'roles'],
  admin: ['is_admin', 'admin'],
  created: ['created_at', 'created', 'registered_on', 'date_joined'],
  lastLogin: ['last_login_at', 'last_login', 'current_login_at', 'last_seen'],
} as const;
type Purpose = keyof typeof usualNames;
export const columnPurposes = Object.keys(usualNames);
const usualTables = ['user', 'users', 'account', 'accounts'];

/** The tables of Flask-Security's roles. */
const roleTables = { roles: ['role', 'roles'], members: ['roles_users', 'user_roles', 'users_roles'] };

interface FlaskOptions {
  /** Undefined: one of the usual names. */
  readonly table?: string | undefined;
  /** Purpose → the column's name, where that is not a usual one. */
  readonly columns?: Readonly<Record<string, string>>;
}

/** The model of a Flask application, whose tables and columns have usual names or are named. */
export async function* readFlaskUsers(database: SourceDatabase, options: FlaskOptions): UserSource {
  const table = options.table ?? (await findTable(database, usualTables));
  const columns = table === undefined ? undefined : await database.columns(table);
  if (table === undefined || !columns) {
    throw new StartError(
      `There is no table ${options.table ?? usualTables.join(', ')}: name the table of the users (--table).`,
    );
  }
  const find = (purpose: Purpose): string | undefined => {
    const named = options.columns?.[purpose];
    if (named !== undefined && !columns.includes(named)) {
      throw new StartError(`The table ${table} has no column ${named}: it has ${columns.join(', ')}.`);
    }
    return named ?? usualNames[purpose].find((name) => columns.includes(name));
  };
  const names = Object.fromEntries(
    (Object.keys(usualNames) as Purpose[]).map((purpose) => [purpose, find(purpose)]),
  ) as Record<Purpose, string | undefined>;
  for (const purpose of ['id', 'username'] as const) {
    if (names[purpose] === undefined) {
      throw new StartError(
        `None of the columns of ${table} (${columns.join(', ')}) seems to be the ${purpose}: name it (--column ${purpose}=…).`,
      );
    }
  }
  const read = (row: Readonly<Record<string, unknown>>, purpose: Purpose): unknown =>
    row[names[purpose] ?? ''];
  const id = quote(names.id ?? '');
  const rows = database.rows(
    `select u.*, ${await selectRoles(database, `u.${id}`)} as latchkey_roles from ${quote(table)} u order by u.${id}`,
  );
  for await (const row of rows) {
    yield toRecord(`${table} ${String(read(row, 'id'))}`, () => {
      const email = fields.text(read(row, 'email'), 'email');
      const username = fields.text(read(row, 'username'), 'username') ?? email;
      if (username === undefined) throw new FieldError('username is missing');
      return readNamed(username, () => ({
        id: String(read(row, 'id')),
        username,
        email,
        emailVerified: isConfirmed(read(row, 'confirmed')),
        passwordHash: readHash(read(row, 'password')),
        roles: [
          ...splitJoined(row['latchkey_roles']),
          ...fields.list(read(row, 'role'), 'role'),
          ...(fields.flag(read(row, 'admin'), 'admin') ? ['admin'] : []),
        ],
        disabled:
          !(fields.flag(read(row, 'active'), 'active') ?? true) ||
          (fields.flag(read(row, 'disabled'), 'disabled') ?? false),
        createdAt: fields.time(read(row, 'created'), 'created'),
        lastLoginAt: fields.time(read(row, 'lastLogin'), 'lastLogin'),
      }));
    });
  }
}

async function findTable(database: SourceDatabase, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) if (await database.columns(name)) return name;
  return undefined;
}

async function selectRoles(database: SourceDatabase, userId: string): Promise<string> {
  const roles = await findTable(database, roleTables.roles);
  const members = await findTable(database, roleTables.members);
  if (roles === undefined || members === undefined) return 'null';
  const columns = (await database.columns(members)) ?? [];
  if (!columns.includes('user_id') || !columns.includes('role_id')) return 'null';
  return `(select string_agg(r.name, '${separator}') from ${quote(roles)} r
    join ${quote(members)} m on m.role_id = r.id where m.user_id = ${userId})`;
}

/** The table of revoked tokens, which Flask-JWT-Extended's documentation calls TokenBlocklist. */
const blocklistTables = [
  'token_blocklist',
  'tokenblocklist',
  'token_block_list',
  'blocklist',
  'blocklisted_token',
  'blocklisted_tokens',
  'token_blacklist',
  'tokenblacklist',
  'blacklist',
  'blacklisted_token',
  'blacklisted_tokens',
  'revoked_token',
  'revoked_tokens',
];

/**
 * The ids of the tokens that the application has revoked.
 * @param table where it has not a usual name.
 * @returns undefined where there is no such table.
 * @throws {StartError} where the table that was named is not one.
 */
export async function findFlaskBlocklist(
  database: SourceDatabase,
  table: string | undefined,
): Promise<RevokedTokens | undefined> {
  for (const name of table === undefined ? blocklistTables : [table]) {
    const columns = await database.columns(name);
    if (columns?.includes('jti')) return { place: name, ids: readIds(database, name) };
  }
  if (table === undefined) return undefined;
  throw new StartError(`There is no table ${table} with a column jti: name that of the revoked tokens.`);
}

async function* readIds(database: SourceDatabase, table: string): AsyncGenerator<string> {
  for await (const { jti } of database.rows(`select jti from ${quote(table)}`)) yield String(jti);
}

/** A flag, or the time of the confirmation. */
function isConfirmed(value: unknown): boolean | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (value instanceof Date || (typeof value === 'string' && /^\d{4}-/.test(value))) return true;
  return fields.flag(value, 'confirmed');
}

/** flask-bcrypt's users often store bytes. */
function readHash(value: unknown): string | undefined {
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : fields.text(value, 'password');
}
