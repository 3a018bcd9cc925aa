import {
  noAaguid,
  readTotpSecret,
  supportedTotp,
  toBase32,
  type ForeignFactors,
  type ForeignPasskey,
} from '../foreign-factors.js';
import {
  fields,
  FieldError,
  readNamed,
  toRecord,
  type ForeignUser,
  type UserSource,
} from '../foreign-user.js';
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
  return readNamed(username, () => readDetails(user, username));
}

function readDetails(user: Readonly<Record<string, unknown>>, username: string): ForeignUser {
  const credentials = readCredentials(user['credentials']);
  return {
    id: fields.text(user['id'], 'id') ?? username,
    username,
    email: fields.text(user['email'], 'email'),
    emailVerified: fields.flag(user['emailVerified'], 'emailVerified'),
    passwordHash: readPassword(credentials),
    factors: readFactors(credentials, fields.text(user['id'], 'id')),
    roles: fields.list(user['realmRoles'], 'realmRoles').filter((role) => !builtInRoles.test(role)),
    disabled: !(fields.flag(user['enabled'], 'enabled') ?? true),
    createdAt: fields.time(user['createdTimestamp'], 'createdTimestamp'),
  };
}

type Credential = Readonly<Record<string, unknown>>;

function readCredentials(credentials: unknown): readonly Credential[] {
  if (credentials === undefined || credentials === null) return [];
  if (!Array.isArray(credentials)) throw new FieldError('credentials must be a list');
  return credentials.map((each) => fields.object(each, 'a credential'));
}

function readPassword(credentials: readonly Credential[]): string | undefined {
  const password = credentials.find(({ type }) => type === 'password');
  return password && toHash(password);
}

/** @param id of the user, which Keycloak gives to authenticators. */
function readFactors(credentials: readonly Credential[], id: string | undefined): ForeignFactors {
  const apps = credentials.filter(({ type }) => type === 'otp').map(readTotp);
  const secrets = apps.flatMap((app) => ('secret' in app ? app.secret : []));
  const keys = credentials.filter(({ type }) => type === 'webauthn' || type === 'webauthn-passwordless');
  return {
    totpSecret: secrets[0],
    passkeys: id === undefined ? [] : keys.map((key) => readPasskey(key, id)),
    unusable: [
      ...apps.flatMap((app) => ('error' in app ? app.error : [])),
      ...(secrets.length > 1 ? [`${secrets.length} authenticator apps: the first one is taken`] : []),
      ...(id === undefined && keys.length > 0 ? ['passkeys, which need the id of the user'] : []),
    ],
  };
}

function readTotp(credential: Credential): ReturnType<typeof readTotpSecret> {
  const data = fields.json(credential['credentialData'], 'credentialData');
  const { value } = fields.json(credential['secretData'], 'secretData');
  const { subType = 'totp', algorithm = 'HmacSHA1', digits = 6, period = 30, secretEncoding } = data;
  const isSupported = subType === 'totp' && algorithm === 'HmacSHA1' && digits === 6 && period === 30;
  if (!isSupported) {
    const what = [subType, algorithm, `${String(digits)} digits`, `${String(period)} seconds`].map(String);
    return { error: `an authenticator app with ${what.join(', ')}: ${supportedTotp} are taken` };
  }
  const text = fields.text(value, 'value') ?? '';
  // Without an encoding, its characters are the secret.
  return readTotpSecret(secretEncoding === 'BASE32' ? text : toBase32(Buffer.from(text)));
}

function readPasskey(credential: Credential, id: string): ForeignPasskey {
  const data = fields.json(credential['credentialData'], 'credentialData');
  const base64url = (name: string): string => {
    const text = fields.text(data[name], name) ?? '';
    if (!/^[A-Za-z0-9+/_-]+=*$/.test(text)) throw new FieldError(`${name} must be base64`);
    return Buffer.from(text, 'base64').toString('base64url');
  };
  return {
    credentialId: base64url('credentialId'),
    publicKey: base64url('credentialPublicKey'),
    name: fields.text(credential['userLabel'], 'userLabel') ?? 'Passkey',
    transports: fields.list(data['transports'], 'transports'),
    aaguid: fields.text(data['aaguid'], 'aaguid') ?? noAaguid,
    signCount: fields.counter(data['counter'], 'counter'),
    passwordless: credential['type'] === 'webauthn-passwordless',
    // Keycloak does not keep it.
    backupEligible: undefined,
    backedUp: false,
    createdAt: fields.time(credential['createdDate'], 'createdDate'),
    lastUsedAt: undefined,
    userHandle: Buffer.from(id).toString('base64url'),
  };
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
