import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashSync } from '@node-rs/argon2';
import { generateSync } from 'otplib';
import type { Client } from '../harness/client.ts';
import { checkout } from '../harness/folders.ts';
import type { Prepared } from './latchkey.ts';

export const enrolledPassword = 'the long enough password of everybody';
/** Of everybody's authenticator app. */
const totpSecret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

/** Adds users by the service's own import: so many with an authenticator app, and as many without. */
export function importUsers({ settings }: Pick<Prepared, 'settings'>, count: number, folder: string): void {
  const hash = hashSync(enrolledPassword, { memoryCost: 19_456, timeCost: 2, parallelism: 1 });
  const lines = Array.from({ length: 2 * count }, (_, index) => {
    const hasApp = index < count;
    const username = nameOf(hasApp, hasApp ? index : index - count);
    return JSON.stringify({ username, password_hash: hash, ...(hasApp && { totp_secret: totpSecret }) });
  });
  const file = join(folder, 'users.ndjson');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(checkout, 'bin/latchkey.js'), 'import', 'users', file],
    {
      env: { ...(process.env['PATH'] !== undefined && { PATH: process.env['PATH'] }), ...settings },
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`The users could not be imported:\n${stdout}${stderr}`);
}

/** A whole login, with the second step where the user has an app. Each of these logs in once: a code is good once. */
export async function logIn(client: Client, url: string, hasApp: boolean, index: number): Promise<void> {
  const credentials = { username: nameOf(hasApp, index), password: enrolledPassword };
  if (!hasApp) {
    await client.expect(200, `${url}/login`, { body: credentials });
    return;
  }
  const loginToken = await beginLogin(client, url, index);
  const body = { login_token: loginToken, code: readCodeOfNextStep() };
  await client.expect(200, `${url}/login/second-factor`, { body });
}

/** The first step of a user with an app. @returns the `login_token`. */
async function beginLogin(client: Client, url: string, index: number): Promise<string> {
  const body = { username: nameOf(true, index), password: enrolledPassword };
  const response = (await client.expect(401, `${url}/login`, { body })) as { login_token: string };
  return response.login_token;
}

/** The current one is not accepted right after an import. */
function readCodeOfNextStep(): string {
  return generateSync({ secret: totpSecret, epoch: Math.floor(Date.now() / 1000) + 30 });
}

export function nameOf(hasApp: boolean, index: number): string {
  return `${hasApp ? 'with' : 'without'}-app-${index}`;
}
