import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { LatchkeyError, memoryStorage, PasskeyError, type SecondFactorDemand } from '@latchkey/client';
import { asAdministrator, asUser, count, watched, type WatchedClient } from './service.js';

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
  const { data } = await client.api.POST('/me/second-factors/totp/confirm', { body: { code } });
  return { username, secret: begun.secret, recoveryCodes: data.recovery_codes };
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
