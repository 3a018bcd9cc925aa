import { fields, FieldError, toRecord, type UserSource } from '../foreign-user.js';
import { StartError } from '../../start-error.js';
import { quote, type SourceDatabase } from './source-database.js';

/** better-auth's tables `user` and `account`, with camelCase or snake_case names. */
export async function* readBetterAuthUsers(
  database: SourceDatabase,
  table = 'user',
  now = Date.now(),
): UserSource {
  const users = await database.columns(table);
  const accountTable = table.replace(/user(s?)$/, 'account$1');
  const accounts = await database.columns(accountTable);
  if (!users || !accounts) {
    throw new StartError(
      `There are no tables ${table} and ${accountTable}: name the table of the users (--table).`,
    );
  }
  const account = (name: string): string => quote(findColumn(accounts, name) ?? name);
  const rows = database.rows(`select u.*, (select a.${account('password')} from ${quote(accountTable)} a
      where a.${account('userId')} = u.id and a.${account('providerId')} = 'credential'
      order by a.${account('id')} limit 1) as latchkey_password
    from ${quote(table)} u order by u.id`);
  for await (const row of rows) {
    const read = (name: string): unknown => row[findColumn(users, name) ?? ''];
    yield toRecord(`${table} ${String(row['id'])}`, () => {
      const email = fields.text(read('email'), 'email');
      const username = fields.text(read('username'), 'username') ?? email;
      if (username === undefined) throw new FieldError('username is missing');
      return {
        id: String(row['id']),
        username,
        email,
        emailVerified: fields.flag(read('emailVerified'), 'emailVerified'),
        passwordHash: fields.text(row['latchkey_password'], 'password'),
        // The role that everybody has who has no other one.
        roles: fields.list(read('role'), 'role').filter((role) => role !== 'user'),
        disabled:
          (fields.flag(read('banned'), 'banned') ?? false) &&
          (fields.time(read('banExpires'), 'banExpires') ?? Infinity) > now,
        createdAt: fields.time(read('createdAt'), 'createdAt'),
      };
    });
  }
}

function findColumn(columns: readonly string[], name: string): string | undefined {
  const key = (text: string): string => text.replaceAll('_', '').toLowerCase();
  return columns.find((column) => key(column) === key(name));
}
