// The real service, for one SDK's tests: a process of its own on an empty database, with people to log in. It is that of a
// project, reports-service.js, which has operations of its own: one takes a file.
import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { generateSync } from 'otplib';
import type { ServiceEnvironment } from './tasks.ts';

type Service = ChildProcessByStdio<null, Readable, Readable>;

interface LiveService {
  /**
   * For the tests:
   * - `LATCHKEY_URL`: where it is, without a slash at the end
   * - `LATCHKEY_ADMIN_USERNAME`, `LATCHKEY_ADMIN_PASSWORD`: an administrator with all permissions
   * - `LATCHKEY_READER_USERNAME`, `LATCHKEY_READER_PASSWORD`: a user without permissions
   * - `LATCHKEY_USER_PASSWORD`: the password of the users `user-01` to `user-45`. They have the role `sample`: when the
   *   administrator changes what it permits, their access tokens are revoked at once, and a refresh helps.
   * - `LATCHKEY_FACTOR_USERNAME`, `LATCHKEY_FACTOR_PASSWORD`: a user with an authenticator app, and
   *   `LATCHKEY_RECOVERY_CODES`: ten codes in its place, separated by spaces
   */
  readonly env: ServiceEnvironment;
  stop(): Promise<void>;
}

const samples = 45;

const serviceScript = (root: string): string => join(root, 'tools/sdk/reports-service.js');

interface TestedContract {
  /** Where the contract and the database of the service are. */
  readonly folder: string;
  /** The contract's path. */
  readonly document: string;
  remove(): void;
}

/** Writes the contract of the service that the SDKs are tested against: Latchkey's and that of the tests' project. */
export function writeTestedContract(root: string): TestedContract {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-sdk-'));
  const { status, stderr } = spawnSync(process.execPath, [serviceScript(root), 'contract', folder], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The contract of the tests cannot be written:\n${stderr}`);
  return {
    folder,
    document: join(folder, 'generated/openapi.json'),
    remove() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** @param folder where the contract of the service is, see `writeTestedContract` */
export async function startLiveService(root: string, folder: string): Promise<LiveService> {
  const adminPassword = randomBytes(15).toString('base64url');
  const service = spawn(process.execPath, [serviceScript(root), 'start', folder], {
    cwd: folder,
    env: { ...removeSettings(process.env), ...settings(folder, adminPassword) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(service, 'close');
  const kill = (): boolean => service.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    service.kill('SIGTERM');
    await ended;
    process.off('exit', kill);
  };
  try {
    const url = await readAddress(service);
    return { env: await prepare(url, adminPassword), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function removeSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const known = /^(LATCHKEY_|JWT_|PORT$|HOST$|DATABASE_URL$|LOG_|NODE_)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !known.test(name)));
}

function settings(folder: string, adminPassword: string): Record<string, string> {
  return {
    PORT: '0',
    DATABASE_URL: `sqlite:${join(folder, 'latchkey.db')}`,
    LOG_LEVEL: 'warn',
    LOG_FORMAT: 'text',
    LATCHKEY_ADMIN_PASSWORD: adminPassword,
    // Argon2id at its cheapest: what it costs is not what these tests are about.
    LATCHKEY_PASSWORD_MEMORY_COST: '8',
    LATCHKEY_PASSWORD_TIME_COST: '1',
    // All tests come from one address; a wrong password in one must not hold up another.
    LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS: '1000',
    LATCHKEY_PASSKEY_ORIGINS: 'http://localhost:8080',
    LATCHKEY_REGISTRATION: 'open',
    LATCHKEY_REGISTRATION_LIMIT: '0',
    LATCHKEY_RECOVERY_LIMIT: '0',
    LATCHKEY_LOGIN_LINKS: 'true',
    LATCHKEY_DEV_MAIL: 'on',
  };
}

/** Resolves with the address that the service prints when it listens. What it prints later is let go. */
function readAddress(service: Service): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    service.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text));
    createInterface(service.stdout).on('line', (line) => {
      printed += `${line}\n`;
      const address = /^Latchkey listens on (\S+)\. /.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
    service.once('error', reject);
    service.once('close', () => {
      reject(new Error(`The service ended before it listened:\n${printed}`));
    });
  });
}

async function prepare(url: string, adminPassword: string): Promise<ServiceEnvironment> {
  const send = async (method: string, path: string, body?: object, token?: string): Promise<unknown> => {
    const authorization = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', ...authorization },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const logIn = async (username: string, password: string): Promise<string> => {
    const tokens = await send('POST', '/login', { username, password });
    return (tokens as { access_token: string }).access_token;
  };
  const token = await logIn('admin', adminPassword);
  await send('PUT', '/roles/sample', { permissions: ['samples:read'] }, token);
  const password = randomBytes(15).toString('base64url');
  await send('POST', '/users', { username: 'reader', password }, token);
  // One after the other: they are listed in this order.
  for (let number = 1; number <= samples; number += 1) {
    const username = `user-${String(number).padStart(2, '0')}`;
    await send('POST', '/users', { username, password, roles: ['sample'] }, token);
  }
  await send('POST', '/users', { username: 'factor', password }, token);
  const ofFactor = await logIn('factor', password);
  const { secret } = (await send('POST', '/me/second-factors/totp', undefined, ofFactor)) as {
    secret: string;
  };
  const { recovery_codes: recoveryCodes } = (await send(
    'POST',
    '/me/second-factors/totp/confirm',
    { code: generateSync({ secret }) },
    ofFactor,
  )) as { recovery_codes: string[] };
  return {
    LATCHKEY_URL: url,
    LATCHKEY_ADMIN_USERNAME: 'admin',
    LATCHKEY_ADMIN_PASSWORD: adminPassword,
    LATCHKEY_READER_USERNAME: 'reader',
    LATCHKEY_READER_PASSWORD: password,
    LATCHKEY_USER_PASSWORD: password,
    LATCHKEY_FACTOR_USERNAME: 'factor',
    LATCHKEY_FACTOR_PASSWORD: password,
    LATCHKEY_RECOVERY_CODES: recoveryCodes.join(' '),
  };
}
