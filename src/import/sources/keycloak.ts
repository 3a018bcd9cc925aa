import { fields, FieldError, toRecord, type ForeignUser, type UserSource } from '../foreign-user.js';
import { readExportedList } from './json-file.js';

interface Credential {
  readonly type?: string;
  /** JSON, like `secretData`. */
  readonly credentialData?: string;
  readonly secretData?: string;
}

interface KeycloakUser {
  readonly id?: unknown;
  readonly username?: unknown;
  readonly email?: unknown;
  readonly emailVerified?: unknown;
  readonly enabled?: unknown;
  readonly createdTimestamp?: unknown;
  readonly credentials?: readonly Credential[];
  readonly realmRoles?: unknown;
  readonly serviceAccountClientId?: unknown;
}

/** Every realm has these, and they permit nothing outside of Keycloak. */
const builtInRoles = /^(?:default-roles-.*|offline_access|uma_authorization)$/;

/** A realm export (`kc.sh export`), or one of its files of users. */
export async function* readKeycloakRealm(file: string): UserSource {
  const users = await readExportedList(
    file,
    'export the realm with its users (kc.sh export --users realm_file)',
  );
  for (const [index, user] of (users as readonly KeycloakUser[]).entries()) {
    yield toRecord(`users[${index}]`, () => readUser(user));
  }
}

function readUser(user: KeycloakUser): ForeignUser {
  if (user.serviceAccountClientId !== undefined) {
    throw new FieldError(
      'is the service account of a client: make a client instead (latchkey clients create)',
    );
  }
  const username = fields.text(user.username, 'username');
  if (username === undefined) throw new FieldError('username is missing');
  const password = user.credentials?.find(({ type }) => type === 'password');
  return {
    id: fields.text(user.id, 'id') ?? username,
    username,
    email: fields.text(user.email, 'email'),
    emailVerified: fields.flag(user.emailVerified, 'emailVerified'),
    passwordHash: password && toHash(password),
    roles: fields.list(user.realmRoles, 'realmRoles').filter((role) => !builtInRoles.test(role)),
    disabled: !(fields.flag(user.enabled, 'enabled') ?? true),
    createdAt: fields.time(user.createdTimestamp, 'createdTimestamp'),
  };
}

interface CredentialData {
  readonly hashIterations?: number;
  readonly algorithm?: string;
  /** Of argon2. */
  readonly additionalParameters?: Readonly<Record<string, readonly string[]>>;
}

/** In passlib's notation, or PHC's for argon2. */
function toHash({ credentialData = '{}', secretData = '{}' }: Credential): string {
  const {
    hashIterations = 0,
    algorithm = '',
    additionalParameters = {},
  } = JSON.parse(credentialData) as CredentialData;
  const { value = '', salt = '' } = JSON.parse(secretData) as {
    readonly value?: string;
    readonly salt?: string;
  };
  const pbkdf2 = /^pbkdf2(?:-(sha256|sha512))?$/.exec(algorithm);
  if (pbkdf2) {
    const name = pbkdf2[1] === undefined ? 'pbkdf2' : `pbkdf2-${pbkdf2[1]}`;
    return `$${name}$${hashIterations}$${adapt(salt)}$${adapt(value)}`;
  }
  if (algorithm === 'argon2') {
    const read = (name: string, otherwise: string): string => additionalParameters[name]?.[0] ?? otherwise;
    const version = read('version', '1.3') === '1.0' ? 16 : 19;
    return `$argon2${read('type', 'id')}$v=${version}$m=${read('memory', '7168')},t=${hashIterations},p=${read('parallelism', '1')}$${unpad(salt)}$${unpad(value)}`;
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
