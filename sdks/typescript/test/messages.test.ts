import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LatchkeyError, type PendingStorage } from '@latchkey/client';
import { url, watched } from './service.js';

const password = 'a long password of hers';

/** The text of the last message to an address, as the service shows it to developers. */
async function readMessage(address: string): Promise<string> {
  const list = await (await fetch(`${url}/dev/mail`)).text();
  const row = list.split('<tr>').find((each) => each.includes(`<td>${address}</td>`)) ?? '';
  const id = /href="[^"]*dev\/mail\/([^"]+)"/.exec(row)?.[1];
  assert.ok(id, `there is no message to ${address}`);
  const page = await (await fetch(`${url}/dev/mail/${id}`)).text();
  return page.slice(page.indexOf('<pre>'));
}

/** As it is shown, in two groups. */
async function readCode(address: string): Promise<string> {
  return /\b\d{3} \d{3}\b/.exec(await readMessage(address))?.[0] ?? 'none';
}

/** What `sessionStorage` would keep. */
function keep(): PendingStorage & { readonly items: Map<string, string> } {
  const items = new Map<string, string>();
  return {
    items,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
}

function codeOf(error: unknown): string {
  assert.ok(error instanceof LatchkeyError, String(error));
  return error.code;
}

describe('What is asked for by a message', () => {
  it('is a registration, which the code finishes on the client that made it', async () => {
    const email = `grace-${process.pid}@example.com`;
    const pending = keep();
    const { username, expires_in: expiresIn } = await watched({ pending }).register({ email, password });
    assert.deepEqual([username, expiresIn], [undefined, 86_400]);
    assert.deepEqual([...pending.items.keys()], ['latchkey.registration']);
    const code = await readCode(email);
    const elsewhere = watched();
    assert.equal(
      codeOf(await elsewhere.verifyEmail({ code }).catch((error: unknown) => error)),
      'authentication_required',
    );
    const client = watched({ pending });
    await client.sendVerification();
    await client.verifyEmail({ code: await readCode(email) });
    assert.equal(pending.items.size, 0);
    await client.login(email, password);
    assert.equal((await client.api.GET('/me')).data.email, email);
  });

  it('is a registration whose link asks for a password on another client', async () => {
    const email = `hedy-${process.pid}@example.com`;
    await watched().register({ email, password });
    const token = /verify-email\?token=([\w-]+)/.exec(await readMessage(email))?.[1] ?? '';
    const elsewhere = watched();
    const error: unknown = await elsewhere.verifyEmail({ token }).catch((error: unknown) => error);
    assert.ok(error instanceof LatchkeyError && error.code === 'validation_failed');
    assert.match(error.errors['password'] ?? '', /required/);
    await elsewhere.verifyEmail({ token, password: 'another long password' });
    await elsewhere.login(email, 'another long password');
  });

  it('is a link to log in with, on the client that asked for it', async () => {
    const email = `ida-${process.pid}@example.com`;
    const pending = keep();
    const client = watched({ pending });
    await client.register({ email, password });
    await client.verifyEmail({ code: await readCode(email) });
    await client.requestLoginLink(email);
    assert.deepEqual([...pending.items.keys()], ['latchkey.login-link']);
    const token = /login\?token=([\w-]+)/.exec(await readMessage(email))?.[1] ?? '';
    const elsewhere = watched();
    assert.equal(
      codeOf(await elsewhere.acceptLoginLink(token).catch((error: unknown) => error)),
      'invalid_link',
    );
    await watched({ pending }).acceptLoginLink(token);
    assert.equal(pending.items.size, 0);
  });
});
