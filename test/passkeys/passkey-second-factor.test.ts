import { expect } from 'chai';
import type { ProblemDetails } from '../../src/problems/problem.models.js';
import type {
  AddedPasskey,
  PasskeyAssertion,
  PasskeyCreationOptions,
} from '../../src/passkeys/passkeys.models.js';
import type { CookieSession, TokenSet } from '../../src/sessions/sessions.models.js';
import type { Authenticator, Deviation } from '../support/authenticator.js';
import { formatCookies, readCookies } from '../support/cookies.js';
import { databaseKinds } from '../support/databases.js';
import {
  addPasskey,
  getRequestOptions,
  getTokensByPasskey,
  logInWithPasskey,
  createAuthenticator,
  passkeySettings,
} from '../support/passkeys.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

const password = 'the password of all';

for (const database of databaseKinds) {
  describe(`A passkey as the second factor on ${database}`, () => {
    let app: TestApp;
    let admin: TokenSet;
    let username: string;
    let userId: string;
    let tokens: TokenSet;
    let authenticator: Authenticator;
    let added: AddedPasskey;
    let users = 0;
    before(async () => {
      app = await TestApp.start({
        database,
        settings: {
          ...passkeySettings,
          JWT_TOKEN_LOCATION: 'headers,cookies',
          LATCHKEY_REMEMBERED_DEVICES: '30d',
        },
      });
      admin = await app.login();
    });
    beforeEach(async () => {
      username = `user ${++users}`;
      ({ id: userId } = await app.createUser(username, password));
      tokens = await app.login(username, password);
      authenticator = createAuthenticator({ userVerified: false });
      added = await addPasskey(app, tokens.access_token, authenticator, { use: 'second_factor' });
    });
    after(() => app.close());

    /** The first step of a login. */
    const begin = async (name = username): Promise<string> => {
      const { body } = await app.post('/login', { username: name, password }).expect(401);
      const { code, methods, login_token: loginToken } = body as ProblemDetails;
      expect({ code, methods }).to.deep.equal({
        code: 'second_factor_required',
        methods: ['passkey', 'recovery_code'],
      });
      return loginToken ?? '';
    };
    const sign = async (loginToken: string, deviation: Deviation = {}): Promise<PasskeyAssertion> =>
      authenticator.get(await getRequestOptions(app, { login_token: loginToken }), deviation);
    const complete = (loginToken: string, credential: PasskeyAssertion) =>
      logInWithPasskey(app, credential, { login_token: loginToken });
    const refuse = async (loginToken: string, credential: PasskeyAssertion): Promise<void> => {
      const { body } = await complete(loginToken, credential).expect(403);
      expect(body).to.include({ code: 'wrong_second_factor' });
    };

    it('is asked for after the password, and begins a session whose tokens say so', async () => {
      const loginToken = await begin();
      const options = await getRequestOptions(app, { login_token: loginToken });
      expect(options).to.deep.include({
        rpId: 'latchkey.test',
        allowCredentials: [{ type: 'public-key', id: authenticator.id, transports: ['internal', 'hybrid'] }],
        userVerification: 'discouraged',
      });
      const { body } = await complete(loginToken, authenticator.get(options)).expect(200);
      const { claims } = readJwt((body as TokenSet).access_token);
      expect(claims).to.include({ sub: userId, acr: 'aal2', fresh: true });
      expect(claims['amr']).to.have.members(['pwd', 'hwk', 'user', 'mfa']);
    });

    it('sets cookies where they are asked for', async () => {
      const loginToken = await begin();
      const wrong = await sign(loginToken, { origin: 'https://evil.test' });
      await app.post('/login/passkey/cookies', { credential: wrong, login_token: loginToken }).expect(403);
      const credential = await sign(loginToken);
      const body = { credential, login_token: loginToken };
      const response = await app.post('/login/passkey/cookies', body).expect(200);
      expect(Object.keys(readCookies(response))).not.to.be.empty;
    });

    it('has its device remembered where that is asked for, which is not asked again', async () => {
      const loginToken = await begin();
      const credential = await sign(loginToken);
      const more = { login_token: loginToken, remember_device: true };
      const response = await logInWithPasskey(app, credential, more).expect(200);
      const cookie = formatCookies(readCookies(response));
      expect(cookie).to.match(/^__Host-latchkey_device=[\w-]{43}$/);
      const login = () => app.post('/login', { username, password }).set('Cookie', cookie);
      const { body } = await login().expect(200);
      const { access_token: token } = body as TokenSet;
      expect(readJwt(token).claims).to.deep.include({ amr: ['pwd'], acr: 'aal1' });
      const { body: devices } = await app.get('/me/devices', token).expect(200);
      expect((devices as { items: object[] }).items).to.have.length(1);
      // The passkey that the device stood for is gone, and with it what was remembered.
      await app.delete(`/users/${userId}/passkeys/${added.id}`, admin.access_token).expect(204);
      const again = await app.login(username, password);
      await addPasskey(app, again.access_token, createAuthenticator({ userVerified: false }), {
        use: 'second_factor',
      });
      await login().expect(401);
    });

    it('comes with recovery codes, one of which is in its place', async () => {
      const [code] = added.recovery_codes;
      const body = { login_token: await begin(), code };
      await app.post('/login/second-factor', body).expect(200);
      await app.post('/login/second-factor', { login_token: await begin(), code }).expect(403);
    });

    it('makes the session that added it one with a second factor', async () => {
      expect(readJwt(added.tokens?.access_token ?? '').claims['amr']).to.include('mfa');
      await app.post('/refresh', { refresh_token: tokens.refresh_token }).expect(401);
      const { access_token: token } = await app.refresh(added.tokens?.refresh_token ?? '');
      expect(readJwt(token).claims['amr']).to.include('mfa');
    });

    it('gives a session in cookies its new tokens as cookies, and none in the body', async () => {
      await app.createUser('grace', password);
      const login = await app.post('/login/cookies', { username: 'grace', password }).expect(200);
      const [cookie, csrf] = [
        formatCookies(readCookies(login)),
        (login.body as CookieSession).access_csrf_token,
      ];
      const send = (path: string, body: object) =>
        app.post(path, body).set('Cookie', cookie).set('X-CSRF-TOKEN', csrf);
      const options = await send('/me/passkeys/options', { use: 'second_factor' }).expect(200);
      const credential = createAuthenticator({ userVerified: false }).create(
        options.body as PasskeyCreationOptions,
      );
      const response = await send('/me/passkeys', { credential }).expect(201);
      const { tokens: none, cookie_session: session } = response.body as AddedPasskey;
      expect(none).to.equal(undefined);
      const refresh = (cookies: string, value = '') =>
        app.post('/refresh/cookies').set('Cookie', cookies).set('X-CSRF-TOKEN', value);
      await refresh(cookie, (login.body as CookieSession).refresh_csrf_token).expect(401);
      await refresh(formatCookies(readCookies(response)), session?.refresh_csrf_token).expect(200);
    });

    it('logs nobody in alone', async () => {
      const credential = authenticator.get(await getRequestOptions(app), { userVerified: true });
      const { body } = await logInWithPasskey(app, credential).expect(401);
      expect(body).to.include({ code: 'invalid_passkey' });
    });

    it('may be one that also logs in alone', async () => {
      const device = createAuthenticator();
      const loginToken = await begin();
      const { body } = await complete(loginToken, await sign(loginToken)).expect(200);
      await addPasskey(app, (body as TokenSet).access_token, device);
      const next = await begin();
      const { allowCredentials } = await getRequestOptions(app, { login_token: next });
      expect(allowCredentials).to.have.length(2);
      const credential = device.get(await getRequestOptions(app, { login_token: next }));
      await complete(next, credential).expect(200);
      await getTokensByPasskey(app, device);
    });

    it('completes a login once, in one of two concurrent requests', async () => {
      const loginToken = await begin();
      const credentials = [await sign(loginToken), await sign(loginToken)];
      const statuses = await Promise.all(
        credentials.map(async (each) => (await complete(loginToken, each)).status),
      );
      expect(statuses.filter((status) => status === 200)).to.have.length(1);
      const { body } = await app.post('/login/passkey/options', { login_token: loginToken }).expect(401);
      expect(body).to.include({ code: 'invalid_login_token' });
    });

    it('is refused for another login, without one, and with a challenge of a login without a password', async () => {
      const [first, second] = [await begin(), await begin()];
      await refuse(second, await sign(first));
      await logInWithPasskey(app, await sign(first, { userVerified: true })).expect(401);
      await refuse(first, authenticator.get(await getRequestOptions(app)));
    });

    it('is refused where it is of another account', async () => {
      const [mine, theirs] = [createAuthenticator(), `other ${users}`];
      await app.createUser(theirs, password);
      await addPasskey(app, (await app.login(theirs, password)).access_token, mine);
      const loginToken = await begin();
      await refuse(loginToken, mine.get(await getRequestOptions(app, { login_token: loginToken })));
    });

    it('is refused for another origin, with another user handle, and with a counter that goes back', async () => {
      const loginToken = await begin();
      await refuse(loginToken, await sign(loginToken, { origin: 'https://evil.test' }));
      await refuse(loginToken, await sign(loginToken, { userHandle: 'AAAA' }));
      await complete(loginToken, await sign(loginToken, { userHandle: undefined })).expect(200);
      const next = await begin();
      await refuse(next, await sign(next, { signCount: 0 }));
    });

    it('may be tried five times a login', async () => {
      const loginToken = await begin();
      for (let time = 0; time < 5; time += 1) {
        await refuse(loginToken, await sign(loginToken, { origin: 'https://evil.test' }));
        app.clock.advance(1);
      }
      await app.post('/login/passkey/options', { login_token: loginToken }).expect(401);
    });

    it('completes a login within five minutes, after a restart, too', async () => {
      const [first, second] = [await begin(), await begin()];
      const credentials = [await sign(first), await sign(second)] as const;
      app.clock.advance(299);
      app = await app.restart();
      await complete(first, credentials[0]).expect(200);
      app.clock.advance(1);
      await complete(second, credentials[1]).expect(401);
    });

    it('is refused where the account was disabled, or the passkey removed, in between', async () => {
      const [first, second] = [await begin(), await begin()];
      const credentials = [await sign(first), await sign(second)] as const;
      await app.patch(`/users/${userId}`, { disabled: true }, admin.access_token).expect(200);
      await complete(first, credentials[0]).expect(401);
      await app.patch(`/users/${userId}`, { disabled: false }, admin.access_token).expect(200);
      const third = await begin();
      const credential = await sign(third);
      await app.delete(`/users/${userId}/passkeys/${added.id}`, admin.access_token).expect(204);
      await refuse(third, credential);
    });

    it('is no longer required once the last one is removed, and its recovery codes stop working', async () => {
      const loginToken = await begin();
      await app.delete(`/users/${userId}/passkeys/${added.id}`, admin.access_token).expect(204);
      const [code] = added.recovery_codes;
      await app.post('/login/second-factor', { login_token: loginToken, code }).expect(403);
      await app.login(username, password);
    });
  });
}

describe('Where the service uses no second factors', () => {
  it('passkeys log in alone, and none is added as a second factor', async () => {
    const app = await TestApp.start({ settings: { ...passkeySettings, LATCHKEY_SECOND_FACTOR: 'off' } });
    const { access_token: token } = await app.login();
    const { body } = await app.post('/me/passkeys/options', { use: 'second_factor' }, token).expect(404);
    expect(body).to.include({ code: 'second_factors_off' });
    const device = createAuthenticator();
    expect((await addPasskey(app, token, device)).recovery_codes).to.deep.equal([]);
    await getTokensByPasskey(app, device);
    await app.login();
    await app.close();
  });
});
