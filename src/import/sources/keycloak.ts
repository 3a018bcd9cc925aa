import { fields, FieldError, toRecord, type ForeignUser, type UserSource } from '../foreign-user.js';
import { readExportedList } from './json-file.js';

/** Every realm has these, and they permit nothing outside of Keycloak. */
const builtInRoles = /^(?:default-roles-.*|offline_access|uma_authorization)$/;

/** A realm export (`kc.sh export`), or one of its files of users. */
export async function* readKeycloakRealm(file: string): UserSource {
  const users = await readExportedList(
    file,
    'export the realm with its users (kc.sh export --users realm_file)',
  );
  for (const [index, user] of users.entries()) {
    yield toRecord(`users[${index}]`, () => readUser(fields.object(user, 'a user')));
  }
}

function readUser(user: Readonly<Record<string, unknown>>): ForeignUser {
  if (user['serviceAccountClientId'] !== undefined) {
    throw new FieldError(
      'is the service account of a client: make a client instead (latchkey clients create)',
    );
  }
  const username = fields.text(user['username'], 'username');
  if (username === undefined) throw new FieldError('username is missing');
  return {
    id: fields.text(user['id'], 'id') ?? username,
    username,
    email: fields.text(user['email'], 'email'),
    emailVerified: fields.flag(user['emailVerified'], 'emailVerified'),
    passwordHash: readPassword(user['credentials']),
    roles: fields.list(user['realmRoles'], 'realmRoles').filter((role) => !builtInRoles.test(role)),
    disabled: !(fields.flag(user['enabled'], 'enabled') ?? true),
    createdAt: fields.time(user['createdTimestamp'], 'createdTimestamp'),
  };
}

function readPassword(credentials: unknown): string | undefined {
  if (credentials === undefined || credentials === null) return undefined;
  if (!Array.isArray(credentials)) throw new FieldError('credentials must be a list');
  const password = credentials
    .map((each) => fields.object(each, 'a credential'))
    .find(({ type }) => type === 'password');
  return password && toHash(password);
}

/** In passlib's notation, or PHC's for argon2. */
function toHash(credential: Readonly<Record<string, unknown>>): string {
  const data = fields.json(credential['credentialData'], 'credentialData');
  const secret = fields.json(credential['secretData'], 'secretData');
  const algorithm = fields.text(data['algorithm'], 'algorithm') ?? '';
  const iterations = fields.text(data['hashIterations'], 'hashIterations') ?? '0';
  const value = fields.text(secret['value'], 'value') ?? '';
  const salt = fields.text(secret['salt'], 'salt') ?? '';
  const pbkdf2 = /^pbkdf2(?:-(sha256|sha512))?$/.exec(algorithm);
  if (pbkdf2) {
    const name = pbkdf2[1] === undefined ? 'pbkdf2' : `pbkdf2-${pbkdf2[1]}`;
    return `$${name}$${iterations}$${adapt(salt)}$${adapt(value)}`;
  }
  if (algorithm === 'argon2') {
    const parameters = fields.object(data['additionalParameters'] ?? {}, 'additionalParameters');
    const read = (name: string, otherwise: string): string =>
      fields.list(parameters[name], name)[0] ?? otherwise;
    const version = read('version', '1.3') === '1.0' ? 16 : 19;
    return `$argon2${read('type', 'id')}$v=${version}$m=${read('memory', '7168')},t=${iterations},p=${read('parallelism', '1')}$${unpad(salt)}$${unpad(value)}`;
  }
  throw new FieldError(
    `has a password hash of the algorithm "${algorithm}", which is not known: remove its credentials from the export, and give the user a new password`,
  );
}

function adapt(base64: string): string {
  return unpad(base64).replaceAll('+', '.');
}

function unpad(base64: string): string {
  return base64.replaceAll('=', '');
}
