import { readTotpSecret, type ForeignFactors } from '../foreign-factors.js';
import { fields, FieldError, readNamed, toRecord, type UserSource } from '../foreign-user.js';
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
  const factors = await selectFactors(database, table);
  const all = database.rows(`select u.*${factors} from ${quote(table)} u ${deleted} order by id`);
  for await (const row of all) {
    yield toRecord(`${table} ${String(row['id'])}`, () => {
      if (fields.flag(row['is_anonymous'], 'is_anonymous')) {
        throw new FieldError('is an anonymous user, who cannot log in: leave it');
      }
      const email = fields.text(row['email'], 'email');
      const username = email ?? fields.text(row['phone'], 'phone');
      if (username === undefined)
        throw new FieldError('has neither email nor phone: there is nothing to log in with');
      return readNamed(username, () => ({
        id: String(row['id']),
        username,
        email,
        emailVerified: fields.time(row['email_confirmed_at'], 'email_confirmed_at') !== undefined,
        passwordHash: fields.text(row['encrypted_password'], 'encrypted_password'),
        factors: readFactors(row),
        roles: readRoles(row['raw_app_meta_data']),
        disabled: (fields.time(row['banned_until'], 'banned_until') ?? 0) > now,
        createdAt: fields.time(row['created_at'], 'created_at'),
        lastLoginAt: fields.time(row['last_sign_in_at'], 'last_sign_in_at'),
      }));
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

/** Of each user the secret of the first authenticator app, and how many verified factors of each kind there are. */
async function selectFactors(database: SourceDatabase, userTable: string): Promise<string> {
  const table = userTable.replace(/users$/, 'mfa_factors');
  if (!(await database.columns(table))) return '';
  const of = (what: string): string =>
    `from ${quote(table)} f where f.user_id = u.id and f.status = 'verified' and f.factor_type ${what}`;
  return `, (select f.secret ${of("= 'totp'")} order by f.created_at, f.id limit 1) as latchkey_totp,
    (select count(*) ${of("= 'totp'")}) as latchkey_apps, (select count(*) ${of("<> 'totp'")}) as latchkey_others`;
}

function readFactors(row: Readonly<Record<string, unknown>>): ForeignFactors {
  const secret = fields.text(row['latchkey_totp'], 'secret');
  const [apps, others] = [Number(row['latchkey_apps'] ?? 0), Number(row['latchkey_others'] ?? 0)];
  const isEncrypted = secret?.startsWith('{') === true;
  const read = secret === undefined || isEncrypted ? undefined : readTotpSecret(secret);
  return {
    ...(read && 'secret' in read && { totpSecret: read.secret }),
    unusable: [
      ...(isEncrypted ? ['an authenticator app whose secret supabase/auth has encrypted'] : []),
      ...(read && 'error' in read ? [read.error] : []),
      ...(apps > 1 ? [`${apps} authenticator apps: the first one is taken`] : []),
      ...(others > 0 ? [`${others} second factors that are no authenticator apps`] : []),
    ],
  };
}
