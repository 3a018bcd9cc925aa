import { readFile } from 'node:fs/promises';
import {
  fields,
  FieldError,
  readNamed,
  toRecord,
  type ForeignUser,
  type UserSource,
} from '../foreign-user.js';
import { StartError } from '../../start-error.js';
import { readExportedList } from './json-file.js';

/** The project's hash parameters, by the names of Firebase's console ("Password hash parameters"). */
interface HashConfig {
  readonly base64_signer_key?: unknown;
  readonly base64_salt_separator?: unknown;
  readonly rounds?: unknown;
  readonly mem_cost?: unknown;
}

/**
 * What `firebase auth:export users.json` writes.
 * @param hashConfigFile the project's hash parameters; without them users come without passwords.
 */
export async function* readFirebaseExport(file: string, hashConfigFile: string | undefined): UserSource {
  const users = await readExportedList(file, 'write it with firebase auth:export users.json --format=json');
  const prefix =
    hashConfigFile === undefined ? undefined : readHashConfig(await readFile(hashConfigFile, 'utf8'));
  for (const [index, user] of users.entries()) {
    yield toRecord(`users[${index}]`, () => readUser(fields.object(user, 'a user'), prefix));
  }
}

function readUser(user: Readonly<Record<string, unknown>>, prefix: string | undefined): ForeignUser {
  const id = fields.text(user['localId'], 'localId');
  if (id === undefined) throw new FieldError('localId is missing');
  const email = fields.text(user['email'], 'email');
  const username = email ?? fields.text(user['phoneNumber'], 'phoneNumber') ?? id;
  return readNamed(username, () => ({
    id,
    username,
    email,
    emailVerified: fields.flag(user['emailVerified'], 'emailVerified'),
    passwordHash: readHash(user, prefix),
    roles: readRoles(user['customAttributes']),
    disabled: fields.flag(user['disabled'], 'disabled') ?? false,
    createdAt: fields.time(user['createdAt'], 'createdAt'),
    lastLoginAt: fields.time(user['lastSignedInAt'], 'lastSignedInAt'),
  }));
}

function readHash(user: Readonly<Record<string, unknown>>, prefix: string | undefined): string | undefined {
  const hash = fields.text(user['passwordHash'], 'passwordHash');
  if (hash === undefined) return undefined;
  if (prefix === undefined)
    throw new FieldError('has a password: give the project’s hash parameters (--firebase-hash-config)');
  return `${prefix}$${toBase64(fields.text(user['salt'], 'salt') ?? '')}$${toBase64(hash)}`;
}

/** Custom claims have no fixed names: `role` and `roles` are usual. */
function readRoles(customAttributes: unknown): string[] {
  const { role, roles } = fields.json(customAttributes, 'customAttributes');
  return [...fields.list(role, 'role'), ...fields.list(roles, 'roles')];
}

/** @throws {StartError} where a parameter is missing. */
function readHashConfig(text: string): string {
  const config = readShown(text);
  const read = (name: keyof HashConfig): string => {
    const value = fields.text(config[name], name);
    if (value === undefined || value === '') {
      throw new StartError(
        `The hash parameters have no ${name}: copy them from Firebase's console (Authentication, Users, ⋮, Password hash parameters).`,
      );
    }
    return value;
  };
  return `$fbscrypt$v=1,n=${read('mem_cost')},r=${read('rounds')},p=1,ss=${read('base64_salt_separator')},sk=${read('base64_signer_key')}`;
}

/** As the console shows them, or as JSON: a name and a value in each line. */
function readShown(text: string): HashConfig {
  return Object.fromEntries(
    text.split(/[\n,]/).map((line) => {
      const [name = '', value = ''] = line.split(':', 2);
      return [name.replaceAll(/[^a-z0-9_]/g, ''), value.replaceAll(/[^A-Za-z0-9+/=]/g, '')];
    }),
  );
}

function toBase64(text: string): string {
  return text.replaceAll('-', '+').replaceAll('_', '/');
}
