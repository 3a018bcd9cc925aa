import assert from 'node:assert/strict';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import {
  LatchkeyError,
  memoryStorage,
  PasskeyError,
  type LatchkeyOptions,
  type PasskeyRegistration,
  type SecondFactorDemand,
} from '@latchkey/client';
import { asAdministrator, asUser, count, gate, watched, type WatchedClient } from './service.js';

const password = 'a long password of theirs';

/** An account with an authenticator app. */
interface Account {
  readonly username: string;
  readonly secret: string;
  readonly recoveryCodes: readonly string[];
}

/** RFC 6238: the code that an authenticator app shows at a time. */
function codeAt(secret: string, milliseconds: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = Array.from(secret, (letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g)!.map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(milliseconds / 30_000)));
  const hash = createHmac('sha1', key).update(counter).digest();
  const number = hash.readUInt32BE(hash[19]! & 0xf) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

async function newAccount(name: string): Promise<Account> {
  const username = `typescript-${name}-${process.pid}`;
  const administrator = await asAdministrator();
  await administrator.api.POST('/users', { body: { username, password } });
  const client = watched();
  await client.login(username, password);
  const { data: begun } = await client.api.POST('/me/second-factors/totp');
  const code = codeAt(begun.secret, Date.now());
  const recoveryCodes = await client.confirmTotp(`${code.slice(0, 3)} ${code.slice(3)}`);
  return { username, secret: begun.secret, recoveryCodes };
}

/** The first step. */
async function demandOf(client: WatchedClient, { username }: Account): Promise<SecondFactorDemand> {
  const error = await refusal(client.login(username, password));
  assert.ok(error.code === 'second_factor_required');
  return error.secondFactor; // the code narrows the type, so that it is there
}

async function refusal(promise: Promise<unknown>): Promise<LatchkeyError> {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(error instanceof LatchkeyError, `not refused: ${String(error)}`);
  return error;
}

describe('A login with a second factor', () => {
  it('says what it asks for, and is finished with a code of the app', async () => {
    const account = await newAccount('app');
    const client = watched();
    const demand = await demandOf(client, account);
    assert.deepEqual(demand.methods, ['totp', 'recovery_code']);
    assert.ok(demand.expiresIn > 200 && demand.expiresIn <= 300);
    assert.equal(await client.tokens(), undefined);
    assert.equal((await refusal(client.finishLogin(demand, '000 000'))).code, 'wrong_second_factor');
    // The current step was used by the confirmation.
    const tokens = await client.finishLogin(demand, codeAt(account.secret, Date.now() + 30_000));
    assert.deepEqual(await client.tokens(), tokens);
    assert.equal((await client.api.GET('/me')).data.username, account.username);
    assert.equal((await refusal(client.finishLogin(demand, '000000'))).code, 'invalid_login_token');
  });

  it('is finished with a recovery code, and is refreshed as any other', async () => {
    const account = await newAccount('recovery');
    const storage = memoryStorage();
    const client = watched({ storage });
    await client.finishLogin(await demandOf(client, account), account.recoveryCodes[0]!);
    const stored = (await client.tokens())!;
    storage.set({ ...stored, expires_at: Date.now() });
    await Promise.all(Array.from({ length: 5 }, () => client.api.GET('/me')));
    assert.equal(count(client, 'POST /refresh'), 1);
    await client.api.DELETE('/reports');
  });

  it('is asked for by an operation that demands one', async () => {
    const account = await newAccount('step-up');
    const error = await refusal((await asUser(37)).api.DELETE('/reports'));
    assert.ok(error.code === 'insufficient_user_authentication');
    assert.deepEqual(error.stepUp, { acrValues: ['aal2'], maxAge: 300 });
    assert.equal(error.secondFactor, undefined);
    const client = watched();
    const again = await refusal(client.login(account.username, password, error.stepUp));
    assert.ok(again.code === 'second_factor_required');
    await client.finishLogin(again.secondFactor, account.recoveryCodes[1]!);
    assert.equal((await client.api.DELETE('/reports')).response.status, 204);
  });

  it('leaves an earlier login as it is until it is finished', async () => {
    const account = await newAccount('earlier');
    const client = await asUser(38);
    await demandOf(client, account);
    assert.equal((await client.api.GET('/me')).data.username, 'user-38');
  });
});

/** The level that the tokens of a client say. */
async function levelOf(client: WatchedClient): Promise<unknown> {
  const [, claims = ''] = (await client.tokens())!.access_token.split('.');
  return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { readonly acr?: unknown }).acr;
}

interface NewUser {
  readonly client: WatchedClient;
  /** Revokes the access tokens. */
  revoke(): Promise<void>;
}

/** Not one of the sample users: the tests run twice, and second factors stay. */
async function newUser(name: string, options?: Partial<LatchkeyOptions>): Promise<NewUser> {
  const username = `typescript-${name}-${process.pid}`;
  const { api } = await asAdministrator();
  const permit = (...permissions: string[]) =>
    api.PUT('/roles/{name}', { params: { path: { name: username } }, body: { permissions } });
  await permit('factors:read');
  await api.POST('/users', { body: { username, password, roles: [username] } });
  const client = watched(options);
  await client.login(username, password);
  return { client, revoke: async () => void (await permit('factors:read', 'factors:write')) };
}

/** Begins to set up an authenticator app. @returns a code of it */
async function beginTotp(client: WatchedClient): Promise<string> {
  const { data } = await client.api.POST('/me/second-factors/totp');
  return codeAt(data.secret, Date.now());
}

/** What a browser makes without attestation, which nobody signs. */
function registration(challenge: string): PasskeyRegistration {
  const clientData = { type: 'webauthn.create', challenge, origin: 'http://localhost:8080' };
  const id = randomBytes(16);
  const data = Buffer.concat([
    createHash('sha256').update('localhost').digest(),
    ...[Buffer.from('\x45', 'latin1'), Buffer.alloc(21), Buffer.from([id.length]), id],
    // A key of ES256, which is any point of its curve.
    Buffer.from(
      'a50102032620012158206b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296',
      'hex',
    ),
    Buffer.from('2258204fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5', 'hex'),
  ]);
  const head = Buffer.from('\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58', 'latin1');
  return {
    id: id.toString('base64url'),
    rawId: id.toString('base64url'),
    type: 'public-key' as PasskeyRegistration['type'],
    response: {
      clientDataJSON: Buffer.from(JSON.stringify(clientData)).toString('base64url'),
      attestationObject: Buffer.concat([head, Buffer.from([data.length]), data]).toString('base64url'),
    },
  };
}

describe('A session that adds a second factor', () => {
  const ways: readonly [string, string, (client: WatchedClient) => Promise<readonly string[]>][] = [
    [
      'confirmTotp',
      'confirms',
      async (client) => {
        const code = await beginTotp(client);
        return client.confirmTotp(`${code.slice(0, 3)} ${code.slice(3)}`);
      },
    ],
    [
      'the operation of that name',
      'calls',
      async (client) => {
        const body = { code: await beginTotp(client) };
        const { data } = await client.api.POST('/me/second-factors/totp/confirm', { body });
        return data.recovery_codes;
      },
    ],
    [
      'an operation whose response is read as text',
      'reads',
      async (client) => {
        const body = { code: await beginTotp(client) };
        const { data } = await client.api.POST('/me/second-factors/totp/confirm', { body, parseAs: 'text' });
        return (JSON.parse(String(data)) as { readonly recovery_codes: readonly string[] }).recovery_codes;
      },
    ],
    [
      'a passkey',
      'passkey',
      async ({ api }) => {
        const { data: options } = await api.POST('/me/passkeys/options', { body: {} });
        const body = { credential: registration(options.challenge) };
        return (await api.POST('/me/passkeys', { body })).data.recovery_codes;
      },
    ],
  ];
  for (const [way, name, add] of ways) {
    it(`goes on with the tokens that it gets by ${way}`, async () => {
      const { client, revoke } = await newUser(name);
      const before = (await client.tokens())!;
      assert.equal(await levelOf(client), 'aal1');
      assert.equal((await add(client)).length, 10);
      assert.equal(await levelOf(client), 'aal2');
      assert.equal((await client.tokens())!.login, before.login);
      assert.equal(count(client, 'POST /refresh'), 0);
      await revoke();
      await client.api.GET('/me');
      assert.equal(count(client, 'POST /refresh'), 1);
      assert.equal(await levelOf(client), 'aal2');
      // The tokens before are those of a thief.
      const thief = watched({ storage: memoryStorage({ ...before, expires_at: 0 }) });
      assert.equal((await refusal(thief.api.GET('/me'))).code, 'invalid_refresh_token');
    });
  }

  it('does not refresh meanwhile, and refreshes a token that is refused', async () => {
    const answered = gate();
    let ahead = 0;
    let confirmations = 0;
    const { client, revoke } = await newUser('holds', {
      now: () => Date.now() + ahead,
      fetch: async (request) => {
        const response = await fetch(request);
        if (request.url.endsWith('/confirm') && response.ok) {
          confirmations += 1;
          await answered.opened;
        }
        return response;
      },
    });
    const code = await beginTotp(client);
    await revoke();
    const confirmed = client.confirmTotp(code);
    while (confirmations === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(count(client, 'POST /refresh'), 1);
    ahead = 10_000_000;
    const others = Promise.all(Array.from({ length: 5 }, () => client.api.GET('/me')));
    answered.open();
    await confirmed;
    await others;
    assert.equal(count(client, 'POST /refresh'), 1);
    assert.equal(await levelOf(client), 'aal2');
  });

  it('gets its tokens though the caller gives up, and keeps those that it has if it is refused', async () => {
    const received = gate();
    const { client, revoke } = await newUser('gives-up', {
      fetch: async (request) => {
        const response = await fetch(request);
        if (request.url.endsWith('/confirm')) received.open();
        return response;
      },
    });
    const code = await beginTotp(client);
    const before = await client.tokens();
    assert.equal((await refusal(client.confirmTotp('000 000'))).code, 'wrong_second_factor');
    assert.deepEqual(await client.tokens(), before);
    const aborted = { body: { code }, signal: AbortSignal.abort() };
    await assert.rejects(client.api.POST('/me/second-factors/totp/confirm', aborted), { name: 'AbortError' });
    const impatient = new AbortController();
    const confirmed = client.api.POST('/me/second-factors/totp/confirm', {
      body: { code },
      signal: impatient.signal,
    });
    while (count(client, 'POST /me/second-factors/totp/confirm') < 2) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    impatient.abort();
    await assert.rejects(confirmed, { name: 'AbortError' });
    await received.opened;
    await revoke();
    await client.api.GET('/me');
    assert.equal(await levelOf(client), 'aal2');
  });
});

describe('Without a browser', () => {
  it('passkeys are unsupported', async () => {
    const client = await asUser(39);
    for (const ask of [
      () => client.signInWithPasskey(),
      () => client.signInWithPasskey({ autofill: true }),
      () => client.registerPasskey('A key'),
    ]) {
      await assert.rejects(ask, (error) => error instanceof PasskeyError && error.code === 'unsupported');
    }
    assert.equal(count(client, 'POST /login/passkey') + count(client, 'POST /me/passkeys'), 0);
  });
});
