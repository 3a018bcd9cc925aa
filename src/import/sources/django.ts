import { fields, FieldError, readNamed, toRecord, type UserSource } from '../foreign-user.js';
import { StartError } from '../../start-error.js';
import { quote, separator, splitJoined, type SourceDatabase } from './source-database.js';

/** Django's own user model, or one that is made from AbstractUser. @param table of the users. */
export async function* readDjangoUsers(database: SourceDatabase, table = 'auth_user'): UserSource {
  const columns = await database.columns(table);
  if (!columns) throw new StartError(`There is no table ${table}: name the table of the users (--table).`);
  // A model of one's own has tables for its groups, which begin with its name.
  const membership = `${table}_groups`;
  const member = (await database.columns(membership))?.find((name) => name !== 'id' && name !== 'group_id');
  const groups =
    member === undefined
      ? 'null'
      : `(select string_agg(g.name, '${separator}') from auth_group g
          join ${quote(membership)} m on m.group_id = g.id where m.${quote(member)} = u.id)`;
  const rows = database.rows(`select u.*, ${groups} as latchkey_groups from ${quote(table)} u order by u.id`);
  for await (const row of rows) {
    yield toRecord(`${table} ${String(row['id'])}`, () => {
      const email = fields.text(row['email'], 'email');
      const username = fields.text(row['username'], 'username') ?? email;
      if (username === undefined) throw new FieldError('username is missing');
      const password = fields.text(row['password'], 'password');
      return readNamed(username, () => ({
        id: String(row['id']),
        username,
        email,
        // Django marks what no password matches.
        passwordHash: password?.startsWith('!') ? undefined : password,
        roles: [
          ...splitJoined(row['latchkey_groups']),
          ...(fields.flag(row['is_superuser'], 'is_superuser') ? ['superuser'] : []),
        ],
        disabled: !(fields.flag(row['is_active'], 'is_active') ?? true),
        createdAt: fields.time(row['date_joined'], 'date_joined'),
        lastLoginAt: fields.time(row['last_login'], 'last_login'),
      }));
    });
  }
}
