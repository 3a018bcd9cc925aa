import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LatchkeyError, memoryStorage } from '@latchkey/client';
import {
  asAdministrator,
  asUser,
  count,
  gate,
  userPassword,
  revokeAccessTokens,
  watched,
} from './service.js';

const twentyTimes = Array.from({ length: 20 });

/** Makes the service refuse with this code. */
async function refused(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof LatchkeyError, String(error));
    assert.equal(error.code, code);
    return true;
  });
}

/** Lets a test move the time. */
function clock(): { now: () => number; advance(seconds: number): void } {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    advance: (seconds) => {
      ahead += seconds * 1000;
    },
  };
}

describe('A refresh', () => {
  it('is sent once for 20 callers whose token is refused', async () => {
    const client = await asUser(11);
    await revokeAccessTokens();
    const responses = await Promise.all(twentyTimes.map(() => client.api.GET('/me')));
    assert.deepEqual(new Set(responses.map(({ data }) => data.username)), new Set(['user-11']));
    assert.equal(count(client, 'POST /refresh'), 1);
    assert.equal(count(client, 'GET /me'), 40);
  });

  it('is sent once for 20 callers whose token has expired, before they send anything', async () => {
    const { now, advance } = clock();
    const client = await asUser(12, { now });
    const before = await client.tokens();
    advance(before!.expires_in + 1);
    await Promise.all(twentyTimes.map(() => client.api.GET('/protected')));
    assert.equal(count(client, 'POST /refresh'), 1);
    assert.equal(count(client, 'GET /protected'), 20);
    assert.notEqual((await client.tokens())?.refresh_token, before?.refresh_token);
  });

  it('is sent shortly before the token expires, and not earlier', async () => {
    const { now, advance } = clock();
    const client = await asUser(13, { now, margin: 10 });
    const { expires_in: lifetime } = (await client.tokens())!;
    advance(lifetime - 60);
    await client.api.GET('/protected');
    assert.equal(count(client, 'POST /refresh'), 0);
    advance(51);
    await client.api.GET('/protected');
    assert.equal(count(client, 'POST /refresh'), 1);
  });

  it('is not repeated at once for tokens with a lifetime below the margin', async () => {
    const { now, advance } = clock();
    const client = await asUser(25, { now, margin: 100_000 });
    await client.api.GET('/protected');
    assert.equal(count(client, 'POST /refresh'), 0);
    advance((await client.tokens())!.expires_in / 2);
    await client.api.GET('/protected');
    await client.api.GET('/protected');
    assert.equal(count(client, 'POST /refresh'), 1);
  });

  it('is not repeated for a caller that learns late that the old token was refused', async () => {
    const late = gate();
    let held = false;
    const client = await asUser(14, {
      fetch: async (request) => {
        const response = await fetch(request);
        if (response.status === 401 && !held) {
          held = true;
          await late.opened;
        }
        return response;
      },
    });
    await revokeAccessTokens();
    const slow = client.api.GET('/me');
    while (!held) await client.api.GET('/health/live');
    await client.api.GET('/me');
    late.open();
    await slow;
    assert.equal(count(client, 'POST /refresh'), 1);
  });

  it('sends the request again, with its body', async () => {
    const administrator = await asAdministrator();
    const name = `typescript-${process.pid}`;
    const put = (client: typeof administrator, description: string) =>
      client.api.PUT('/roles/{name}', {
        params: { path: { name } },
        body: { description, permissions: ['roles:write'] },
      });
    await put(administrator, 'at first');
    await administrator.api.POST('/users', {
      body: { username: name, password: userPassword, roles: [name] },
    });
    const client = await asUser(15);
    await client.login(name, userPassword);
    await administrator.api.PUT('/roles/{name}', {
      params: { path: { name } },
      body: { permissions: ['roles:write', 'roles:read'] },
    });
    const { data } = await put(client, 'in the end');
    assert.equal(data.description, 'in the end');
    assert.equal(count(client, `PUT /roles/${name}`), 2);
    assert.equal(count(client, 'POST /refresh'), 1);
  });

  it('happens once: a request that is refused again fails', async () => {
    const client = await asUser(16, {
      fetch: async (request) => {
        const response = await fetch(request);
        return request.url.endsWith('/me')
          ? Response.json(
              { type: 'about:blank', title: 'x', status: 401, detail: 'x', code: 'invalid_token' },
              { status: 401 },
            )
          : response;
      },
    });
    await refused(client.api.GET('/me'), 'invalid_token');
    assert.equal(count(client, 'GET /me'), 2);
    assert.equal(count(client, 'POST /refresh'), 1);
    assert.ok(await client.tokens());
  });

  it('is not sent for any other refusal', async () => {
    const client = await asUser(17);
    await refused(client.api.GET('/users'), 'insufficient_scope');
    assert.equal(count(client, 'POST /refresh'), 0);
  });

  it('that is refused deletes the tokens, and rejects all waiting callers', async () => {
    const client = await asUser(18);
    const { data: me } = await client.api.GET('/me');
    const administrator = await asAdministrator();
    await administrator.api.DELETE('/users/{id}/sessions', { params: { path: { id: me.id } } });
    await Promise.all(twentyTimes.map(() => refused(client.api.GET('/me'), 'invalid_refresh_token')));
    assert.equal(count(client, 'POST /refresh'), 1);
    assert.equal(await client.tokens(), undefined);
    await refused(client.api.GET('/me'), 'authentication_required');
  });

  it('that fails otherwise keeps them for the next attempt', async () => {
    let isReachable = true;
    const client = await asUser(19, {
      fetch: (request) =>
        isReachable || !request.url.endsWith('/refresh')
          ? fetch(request)
          : Promise.reject(new TypeError('no network')),
    });
    await revokeAccessTokens();
    isReachable = false;
    await assert.rejects(client.api.GET('/me'), /no network/);
    isReachable = true;
    assert.equal((await client.api.GET('/me')).data.username, 'user-19');
  });

  it('is awaited by a logout, which ends the session', async () => {
    const client = await asUser(20);
    await revokeAccessTokens();
    const call = client.api.GET('/me').catch((error: unknown) => error);
    while (count(client, 'POST /refresh') === 0) await new Promise((resolve) => setImmediate(resolve));
    await client.logout();
    await call;
    assert.equal(await client.tokens(), undefined);
    assert.equal(
      client.sent.filter((each) => /refresh|logout/.test(each)).join(),
      'POST /refresh,POST /logout',
    );
  });

  it("does not send one user's request with the next user's token", async () => {
    const storage = memoryStorage();
    const refusal = gate();
    const first = await asUser(21, {
      storage,
      fetch: async (request) => {
        const response = await fetch(request);
        if (response.status === 401) await refusal.opened;
        return response;
      },
    });
    await revokeAccessTokens();
    const call = first.api.GET('/me');
    const second = await asUser(22, { storage });
    refusal.open();
    await refused(call, 'invalid_token');
    assert.equal(count(first, 'GET /me'), 1);
    assert.equal((await second.api.GET('/me')).data.username, 'user-22');
  });

  it('continues for the others when one caller gives up', async () => {
    const refresh = gate();
    const client = await asUser(23, {
      fetch: async (request) => {
        if (request.url.endsWith('/refresh')) await refresh.opened;
        return fetch(request);
      },
    });
    await revokeAccessTokens();
    const impatient = new AbortController();
    const given = client.api.GET('/me', { signal: impatient.signal });
    const patient = client.api.GET('/me');
    while (count(client, 'POST /refresh') === 0) await new Promise((resolve) => setImmediate(resolve));
    impatient.abort();
    await assert.rejects(given, { name: 'AbortError' });
    refresh.open();
    assert.equal((await patient).data.username, 'user-23');
    assert.equal(count(client, 'POST /refresh'), 1);
  });

  it('times out if the service does not respond', async () => {
    const storage = memoryStorage();
    const patient = await asUser(24, { storage });
    const client = watched({
      storage,
      timeout: 0.05,
      fetch: (request) =>
        request.url.endsWith('/refresh')
          ? new Promise((_resolve, reject) => {
              request.signal.addEventListener('abort', () => reject(request.signal.reason as Error));
            })
          : fetch(request),
    });
    await revokeAccessTokens();
    const alive = setInterval(() => undefined, 1000); // a signal's timeout alone does not keep Node.js running
    await assert.rejects(client.api.GET('/me'), { name: 'TimeoutError' });
    clearInterval(alive);
    assert.equal((await patient.api.GET('/me')).data.username, 'user-24');
  });
});
