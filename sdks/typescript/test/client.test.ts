import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import {
  LatchkeyClient,
  LatchkeyError,
  LatchkeyOAuthError,
  problemCodes,
  UnexpectedResponseError,
  uploadOf,
  type FieldErrors,
  type RevocationPage,
} from '@latchkey/client';
import {
  asAdministrator,
  asReader,
  asUser,
  count,
  url,
  userPassword,
  revokeAccessTokens,
  watched,
} from './service.js';

/** The error that it rejects with, which must be a refusal. */
async function refusal(promise: Promise<unknown>): Promise<LatchkeyError> {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(error instanceof LatchkeyError, `not refused: ${String(error)}`);
  return error;
}

describe('A client', () => {
  it('logs in and calls a protected operation', async () => {
    const client = watched();
    const tokens = await client.login('user-01', userPassword);
    assert.equal(tokens.token_type, 'Bearer');
    const { data, response } = await client.api.GET('/protected');
    assert.equal(data.message, 'This is a protected endpoint.');
    assert.equal(response.status, 200);
    assert.deepEqual(await client.tokens(), tokens);
  });

  it('rejects with a code for a wrong password', async () => {
    const client = watched();
    const error = await refusal(client.login('user-01', 'wrong'));
    assert.equal(error.code, 'invalid_credentials');
    assert.equal(error.status, 401);
    assert.equal(error.message, error.detail);
    assert.match(error.requestId ?? '', /./);
    assert.equal(await client.tokens(), undefined);
  });

  it('provides Retry-After after too many failed logins', async () => {
    const client = watched();
    let error: LatchkeyError;
    do error = await refusal(client.login('nobody-of-typescript', 'wrong'));
    while (error.code === 'invalid_credentials');
    assert.equal(error.code, 'too_many_attempts');
    assert.equal(error.status, 429);
    assert.ok((error.retryAfter ?? 0) > 0);
  });

  it('is refused without a login', async () => {
    const error = await refusal(watched().api.GET('/protected'));
    assert.equal(error.status, 401);
    assert.equal(error.code, 'authentication_required');
  });

  it('is refused without the permission', async () => {
    const { api } = await asReader();
    const error = await refusal(api.GET('/users'));
    assert.equal(error.status, 403);
    assert.equal(error.code, 'insufficient_scope');
  });

  it('provides the invalid fields', async () => {
    const { api } = await asAdministrator();
    const error = await refusal(api.POST('/users', { body: { username: ' ', password: 'short' } }));
    assert.equal(error.status, 422);
    assert.ok(error.code === 'validation_failed');
    const errors: FieldErrors = error.errors; // the code narrows the type, so that they are there
    assert.match(Object.keys(errors).join(), /username/);
  });

  it('iterates over all pages of users', async () => {
    const client = await asAdministrator();
    const names: string[] = [];
    for await (const user of client.items('/users', { params: { query: { limit: 20, role: 'sample' } } })) {
      names.push(user.username);
    }
    assert.equal(names.length, 45);
    assert.equal(new Set(names).size, 45);
    assert.equal(names[0], 'user-01');
    assert.equal(count(client, 'GET /users'), 3);
  });

  it('fetches no page that is not needed', async () => {
    const client = await asAdministrator();
    for await (const user of client.items('/users', { params: { query: { limit: 2 } } })) {
      assert.ok(user.id);
      break;
    }
    assert.equal(count(client, 'GET /users'), 1);
  });

  it('ends its session', async () => {
    const client = await asUser(2);
    const tokens = await client.tokens();
    await client.logout();
    assert.equal(await client.tokens(), undefined);
    assert.equal((await refusal(client.api.GET('/protected'))).code, 'authentication_required');
    const headers = { Authorization: `Bearer ${tokens?.access_token}` };
    assert.equal((await refusal(client.api.GET('/protected', { headers }))).code, 'invalid_token');
    await client.logout();
    assert.equal(count(client, 'POST /logout'), 1);
  });

  it('deletes the tokens even if the service cannot be reached', async () => {
    let isReachable = true;
    const client = await asUser(3, {
      fetch: (request) => (isReachable ? fetch(request) : Promise.reject(new TypeError('no network'))),
    });
    isReachable = false;
    await assert.rejects(client.logout(), /no network/);
    assert.equal(await client.tokens(), undefined);
  });

  it('stores the tokens that come with a new password', async () => {
    const administrator = await asAdministrator();
    const username = `typescript-changes-${process.pid}`;
    await administrator.api.POST('/users', { body: { username, password: 'a first password' } });
    const client = watched();
    const before = await client.login(username, 'a first password');
    assert.equal(
      (await refusal(client.changePassword('wrong one', 'a second password'))).code,
      'wrong_password',
    );
    const after = await client.changePassword('a first password', 'a second password');
    assert.notEqual(after.access_token, before.access_token);
    assert.equal(after.login, before.login);
    assert.equal((await client.api.GET('/me')).data.username, username);
    assert.equal(count(client, 'POST /refresh'), 0);
    const { data } = await client.api.PUT('/me/password', {
      body: { current_password: 'a second password', new_password: 'a third password' },
    });
    assert.equal((await client.tokens())?.refresh_token, data.refresh_token);
    assert.equal((await client.tokens())?.login, before.login);
  });

  it('sends no token if the operation takes none', async () => {
    const bearers: (string | null)[] = [];
    const client = await asUser(4, {
      fetch: (request) => {
        bearers.push(request.headers.get('Authorization'));
        return fetch(request);
      },
    });
    assert.equal((await client.api.GET('/health/live')).data.status, 'ok');
    assert.deepEqual(bearers, [null, null]);
  });

  it('rejects with the error of an OAuth endpoint', async () => {
    const { api } = await asUser(4);
    const body = { grant_type: 'client_credentials', client_id: 'nobody', client_secret: 'wrong' };
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    await assert.rejects(api.POST('/oauth/token', { body, headers }), (error) => {
      assert.ok(error instanceof LatchkeyOAuthError);
      assert.equal(error.code, 'invalid_client');
      assert.equal(error.status, 401);
      return true;
    });
  });

  for (const status of [200, 502]) {
    it(`rejects with another error for a page of another server, with the status ${status}`, async () => {
      const server = createServer((_request, response) => {
        response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8' }).end('<h1>A proxy</h1>');
      }).listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const client = new LatchkeyClient({ baseUrl });
      try {
        // The last has no body: it must not pass for done.
        const calls = [
          client.login('ada', 'a password'),
          client.api.GET('/users'),
          client.api.DELETE('/sessions'),
        ];
        for (const call of calls) {
          await assert.rejects(call, (error) => {
            assert.ok(error instanceof UnexpectedResponseError, String(error));
            assert.equal(error.status, status);
            assert.match(error.body, /A proxy/);
            return true;
          });
        }
      } finally {
        server.close();
        server.closeAllConnections();
      }
    });
  }

  it('accepts a base URL with a slash at its end', async () => {
    const client = new LatchkeyClient({ baseUrl: `${url}/` });
    await client.login('user-05', userPassword);
    assert.equal((await client.api.GET('/me')).data.username, 'user-05');
  });

  it('sends a file, and reads the operations of an API that is built on the service', async () => {
    const { api } = await asUser(6);
    const file = new File(['All is well.'], 'july.txt', { type: 'text/plain' });
    const { data } = await api.POST('/reports', uploadOf({ file, title: 'July' }));
    assert.deepEqual(data, { title: 'July', file_name: 'july.txt', size: 12, text: 'All is well.' });
    assert.ok((await api.GET('/reports')).data.items.some(({ title }) => title === 'July'));
    const gif = new File(['GIF'], 'a.gif', { type: 'image/gif' });
    const error = await refusal(api.POST('/reports', uploadOf({ file: gif, title: 'August' })));
    assert.equal(error.code, 'unsupported_media_type');
    assert.equal(error.detail, 'The file "file" is image/gif. It may be text/plain.');
  });

  it('sends a file again after a refresh', async () => {
    const client = await asUser(7);
    await revokeAccessTokens();
    const file = new File(['Again.'], 'again.txt', { type: 'text/plain' });
    const { data } = await client.api.POST('/reports', uploadOf({ file, title: 'Again' }));
    assert.equal(data.text, 'Again.');
    assert.equal(count(client, 'POST /reports'), 2);
  });

  it('follows a stream', async () => {
    const { api } = await asAdministrator();
    const { data } = await api.GET('/revocations/stream', { parseAs: 'stream' });
    const events = data!
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream())
      .getReader();
    for (let part = await events.read(); !part.done; part = await events.read()) {
      if (!(JSON.parse(part.value.data) as RevocationPage).complete) continue;
      assert.ok(part.value.id);
      await events.cancel();
      return;
    }
    assert.fail('the stream ended');
  });

  it('has the closed list of codes', () => {
    assert.ok(problemCodes.includes('invalid_token'));
    assert.equal(new Set(problemCodes).size, problemCodes.length);
  });
});
