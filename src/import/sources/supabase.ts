import { fields, FieldError, toRecord, type UserSource } from '../foreign-user.js';
import { StartError } from '../../start-error.js';
import { quote, type SourceDatabase } from './source-database.js';

/** The users of supabase/auth. */
export async function* readSupabaseUsers(
  database: SourceDatabase,
  table = 'auth.users',
  now = Date.now(),
): UserSource {
  const columns = await database.columns(table);
  if (!columns) {
    throw new StartError(`There is no table ${table}: the URL must be that of the project's own database.`);
  }
  const deleted = columns.includes('deleted_at') ? 'where deleted_at is null' : '';
  for await (const row of database.rows(`select * from ${quote(table)} ${deleted} order by id`)) {
    yield toRecord(`${table} ${String(row['id'])}`, () => {
      if (fields.flag(row['is_anonymous'], 'is_anonymous')) {
        throw new FieldError('is an anonymous user, who cannot log in: leave it');
      }
      const email = fields.text(row['email'], 'email');
      const username = email ?? fields.text(row['phone'], 'phone');
      if (username === undefined)
        throw new FieldError('has neither email nor phone: there is nothing to log in with');
      return {
        id: String(row['id']),
        username,
        email,
        emailVerified: fields.time(row['email_confirmed_at'], 'email_confirmed_at') !== undefined,
        passwordHash: fields.text(row['encrypted_password'], 'encrypted_password'),
        roles: readRoles(row['raw_app_meta_data']),
        disabled: (fields.time(row['banned_until'], 'banned_until') ?? 0) > now,
        createdAt: fields.time(row['created_at'], 'created_at'),
        lastLoginAt: fields.time(row['last_sign_in_at'], 'last_sign_in_at'),
      };
    });
  }
}

/** `role` and `roles` of the application's metadata; what users write themselves is in other columns. */
function readRoles(metadata: unknown): string[] {
  const name = 'raw_app_meta_data';
  const { role, roles } =
    typeof metadata === 'string' ? fields.json(metadata, name) : fields.object(metadata ?? {}, name);
  return [...fields.list(role, 'role'), ...fields.list(roles, 'roles')];
}
