import {
  noAaguid,
  readTotpSecret,
  toBase32,
  type ForeignFactors,
  type ForeignPasskey,
} from '../foreign-factors.js';
import { fields, FieldError, readNamed, toRecord, type UserSource } from '../foreign-user.js';
import { StartError } from '../../start-error.js';
import { decryptBetterAuth, type BetterAuthSecrets } from './better-auth-secrets.js';
import { quote, type SourceDatabase } from './source-database.js';

interface Options {
  readonly table?: string | undefined;
  readonly secrets: BetterAuthSecrets;
  /** Milliseconds since the Unix epoch. */
  readonly now?: number;
}

/** better-auth's tables `user`, `account`, `twoFactor` and `passkey`, with camelCase or snake_case names. */
export async function* readBetterAuthUsers(
  database: SourceDatabase,
  { table = 'user', secrets, now = Date.now() }: Options,
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
  const factors = await selectFactors(database, table);
  const rows = database.rows(`select u.*, (select a.${account('password')} from ${quote(accountTable)} a
      where a.${account('userId')} = u.id and a.${account('providerId')} = 'credential'
      order by a.${account('id')} limit 1) as latchkey_password${factors.map((each) => `, ${each}`).join('')}
    from ${quote(table)} u order by u.id`);
  for await (const row of rows) {
    const read = (name: string): unknown => row[findColumn(users, name) ?? ''];
    yield toRecord(`${table} ${String(row['id'])}`, () => {
      const email = fields.text(read('email'), 'email');
      const username = fields.text(read('username'), 'username') ?? email;
      if (username === undefined) throw new FieldError('username is missing');
      return readNamed(username, () => ({
        id: String(row['id']),
        username,
        email,
        emailVerified: fields.flag(read('emailVerified'), 'emailVerified'),
        passwordHash: fields.text(row['latchkey_password'], 'password'),
        factors: readFactors(
          row,
          fields.flag(read('twoFactorEnabled'), 'twoFactorEnabled') ?? false,
          secrets,
        ),
        // The role that everybody has who has no other one.
        roles: fields.list(read('role'), 'role').filter((role) => role !== 'user'),
        disabled:
          (fields.flag(read('banned'), 'banned') ?? false) &&
          (fields.time(read('banExpires'), 'banExpires') ?? Infinity) > now,
        createdAt: fields.time(read('createdAt'), 'createdAt'),
      }));
    });
  }
}

/** Of each user the secret of the authenticator app, and the passkeys as JSON. */
async function selectFactors(database: SourceDatabase, userTable: string): Promise<string[]> {
  const selected: string[] = [];
  const apps = await findTable(database, userTable, ['twoFactor', 'two_factor']);
  if (apps) {
    const isVerified = apps.columns.includes('verified') ? 'and f."verified"' : '';
    selected.push(`(select f.${apps.column('secret')} from ${apps.name} f
      where f.${apps.column('userId')} = u.id ${isVerified} order by f.${apps.column('id')} limit 1) as latchkey_totp`);
  }
  const passkeys = await findTable(database, userTable, ['passkey']);
  if (passkeys) {
    const isSqlite = database.dialect === 'sqlite';
    const fieldsOfOne = passkeyFields
      .filter((field) => findColumn(passkeys.columns, field) !== undefined)
      .map((field) => `'${field}', p.${passkeys.column(field)}`);
    const object = `${isSqlite ? 'json_object' : 'json_build_object'}(${fieldsOfOne.join(', ')})`;
    selected.push(`(select ${isSqlite ? 'json_group_array' : 'json_agg'}(${object}) from ${passkeys.name} p
      where p.${passkeys.column('userId')} = u.id) as latchkey_passkeys`);
  }
  return selected;
}

const passkeyFields = [
  ...['id', 'name', 'publicKey', 'credentialID', 'counter', 'deviceType'],
  ...['backedUp', 'transports', 'createdAt', 'aaguid'],
] as const;

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly column: (field: string) => string;
}

async function findTable(
  database: SourceDatabase,
  userTable: string,
  names: readonly string[],
): Promise<Table | undefined> {
  for (const name of names) {
    const table = userTable.replace(/user(s?)$/, `${name}$1`);
    const columns = await database.columns(table);
    if (!columns) continue;
    return {
      name: quote(table),
      columns,
      column: (field) => quote(findColumn(columns, field) ?? field),
    };
  }
  return undefined;
}

function readFactors(
  row: Readonly<Record<string, unknown>>,
  isEnabled: boolean,
  secrets: BetterAuthSecrets,
): ForeignFactors {
  const given = row['latchkey_passkeys'];
  const listed: unknown = typeof given === 'string' ? JSON.parse(given) : given;
  const passkeys = Array.isArray(listed) ? listed.map((each) => readPasskey(each)) : [];
  if (!isEnabled) return { passkeys };
  const sealed = fields.text(row['latchkey_totp'], 'secret');
  if (sealed === undefined) return { passkeys, unusable: ['a second factor that is no authenticator app'] };
  const opened = decryptBetterAuth(sealed, secrets);
  if (opened === undefined) {
    const unusable = [
      'an authenticator app whose secret is encrypted: set BETTER_AUTH_SECRET (or BETTER_AUTH_SECRETS) to what better-auth has',
    ];
    return { passkeys, unusable };
  }
  // Its codes are of the characters, and not of what they would be in base32.
  const read = readTotpSecret(toBase32(Buffer.from(opened)));
  return 'secret' in read ? { passkeys, totpSecret: read.secret } : { passkeys, unusable: [read.error] };
}

function readPasskey(value: unknown): ForeignPasskey {
  const passkey = fields.object(value, 'a passkey');
  const publicKey = fields.text(passkey['publicKey'], 'publicKey') ?? '';
  if (!/^[A-Za-z0-9+/_-]+=*$/.test(publicKey)) throw new FieldError('publicKey of a passkey must be base64');
  return {
    credentialId: fields.text(passkey['credentialID'], 'credentialID') ?? '',
    publicKey: Buffer.from(publicKey, 'base64').toString('base64url'),
    name: fields.text(passkey['name'], 'name') ?? 'Passkey',
    transports: fields.list(passkey['transports'], 'transports'),
    aaguid: fields.text(passkey['aaguid'], 'aaguid') ?? noAaguid,
    signCount: fields.counter(passkey['counter'], 'counter'),
    passwordless: true,
    backupEligible: passkey['deviceType'] === 'multiDevice',
    backedUp: fields.flag(passkey['backedUp'], 'backedUp') ?? false,
    createdAt: fields.time(passkey['createdAt'], 'createdAt'),
    lastUsedAt: undefined,
    // A random one, which it does not keep.
    userHandle: '',
  };
}

function findColumn(columns: readonly string[], name: string): string | undefined {
  const key = (text: string): string => text.replaceAll('_', '').toLowerCase();
  return columns.find((column) => key(column) === key(name));
}
