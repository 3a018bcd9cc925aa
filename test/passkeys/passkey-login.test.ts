import { isoCBOR } from '@simplewebauthn/server/helpers';
import { expect } from 'chai';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import type { PasskeyRequestOptions } from '../../src/passkeys/passkeys.models.js';
import type { Authenticator, Deviation } from '../support/authenticator.js';
import { readCookies } from '../support/cookies.js';
import { databaseKinds } from '../support/databases.js';
import {
  addPasskey,
  getRequestOptions,
  getTokensByPasskey,
  logInWithPasskey,
  createAuthenticator,
  passkeySettings,
  signLogin,
} from '../support/passkeys.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';
import { weakKeys } from '../support/weak-keys.js';

const password = 'the password of all';

for (const database of databaseKinds) {
  describe(`POST /login/passkey on ${database}`, () => {
    let app: TestApp;
    let admin: TokenSet;
    let username: string;
    let userId: string;
    let tokens: TokenSet;
    let authenticator: Authenticator;
    let passkeyId: string;
    let users = 0;
    before(async () => {
      app = await TestApp.start({
        database,
        settings: { ...passkeySettings, JWT_TOKEN_LOCATION: 'headers,cookies' },
      });
      admin = await app.login();
    });
    beforeEach(async () => {
      username = `user ${++users}`;
      ({ id: userId } = await app.createUser(username, password));
      tokens = await app.login(username, password);
      authenticator = createAuthenticator();
      ({ id: passkeyId } = await addPasskey(app, tokens.access_token, authenticator));
    });
    after(() => app.close());

    const refuse = async (credential: object, more: object = {}): Promise<object> => {
      const { body } = await app.post('/login/passkey', { credential, ...more }).expect(401);
      expect(body).to.include({ code: 'invalid_passkey' });
      return body as object;
    };
    const refuseDeviation = async (deviation: Deviation): Promise<void> => {
      await refuse(await signLogin(app, authenticator, deviation));
    };

    it('begins a session without a name and a password, and its tokens say how', async () => {
      const { body } = await logInWithPasskey(app, await signLogin(app, authenticator)).expect(200);
      const { access_token: token } = body as TokenSet;
      const { claims } = readJwt(token);
      expect(claims).to.include({ sub: userId, fresh: true });
      expect(claims['amr']).to.deep.equal(['hwk', 'user', 'mfa']);
      const { body: me } = await app.get('/me', token).expect(200);
      expect(me).to.include({ username });
      await app.refresh((body as TokenSet).refresh_token);
    });

    it('says that the key is in software where devices share it', async () => {
      const synced = createAuthenticator({ synced: true });
      await addPasskey(app, (await getTokensByPasskey(app, authenticator)).access_token, synced);
      for (let time = 0; time < 2; time += 1) {
        const { body } = await logInWithPasskey(app, await signLogin(app, synced)).expect(200);
        const { claims } = readJwt((body as TokenSet).access_token);
        expect(claims['amr']).to.deep.equal(['swk', 'user', 'mfa']);
      }
    });

    it('sets cookies where they are asked for', async () => {
      const credential = await signLogin(app, authenticator);
      const response = await app.post('/login/passkey/cookies', { credential }).expect(200);
      expect(response.body).to.have.property('access_csrf_token');
      expect(Object.keys(readCookies(response))).not.to.be.empty;
      const again = await app.post('/login/passkey/cookies', { credential }).expect(401);
      expect(again.body).to.include({ code: 'invalid_passkey' });
      expect(Object.keys(readCookies(again))).to.be.empty;
    });

    it('says when the passkey was last used', async () => {
      await logInWithPasskey(app, await signLogin(app, authenticator)).expect(200);
      const { body } = await app.get('/me/passkeys', tokens.access_token).expect(200);
      const [passkey] = (body as { items: { last_used_at?: string }[] }).items;
      expect(passkey?.last_used_at).to.equal(new Date(app.clock.now()).toISOString());
    });

    it('returns the same options without a name, for known names and for unknown ones', async () => {
      const all: PasskeyRequestOptions[] = [];
      for (const body of [{}, { username }, { username: 'nobody at all' }, { username: 'disabled' }]) {
        all.push(await getRequestOptions(app, body));
      }
      for (const { challenge, ...rest } of all) {
        expect(challenge).to.have.length(43);
        expect(rest).to.deep.equal({
          rpId: 'latchkey.test',
          timeout: 300_000,
          allowCredentials: [],
          userVerification: 'required',
        });
      }
    });

    it('accepts a passkey of the account that was named, and no other', async () => {
      const mine = await signLogin(app, authenticator, {}, { username: username.toUpperCase() });
      await logInWithPasskey(app, mine).expect(200);
      await refuse(await signLogin(app, authenticator, {}, { username: 'admin' }));
      await refuse(await signLogin(app, authenticator, {}, { username: 'nobody at all' }));
    });

    it('accepts a signature once, in one of two concurrent requests', async () => {
      const credential = await signLogin(app, authenticator);
      const statuses = await Promise.all(
        [1, 2, 3].map(async () => (await logInWithPasskey(app, credential)).status),
      );
      expect(statuses.sort()).to.deep.equal([200, 401, 401]);
      await refuse(credential);
    });

    it('accepts no challenge a second time after a wrong signature', async () => {
      const options = await getRequestOptions(app);
      await refuse(authenticator.get(options, { userVerified: false }));
      await refuse(authenticator.get(options));
    });

    it('accepts a challenge for five minutes, and another one after a restart', async () => {
      const [first, second] = [await signLogin(app, authenticator), await signLogin(app, authenticator)];
      app.clock.advance(299);
      app = await app.restart();
      await logInWithPasskey(app, first).expect(200);
      app.clock.advance(1);
      await refuse(second);
    });

    it('accepts a passkey at another replica, which knows at once what was removed at this one', async () => {
      const replica = await app.openAgain();
      const credential = await signLogin(app, authenticator);
      const context = { requestId: null, address: '127.0.0.1', userAgent: null };
      const begun = await replica.passkeyLogins.login(credential, context);
      await app.get('/me', begun.access_token).expect(200);
      const next = await signLogin(app, authenticator);
      await app.delete(`/me/passkeys/${passkeyId}`, begun.access_token).expect(204);
      try {
        await replica.passkeyLogins.login(next, context);
        throw new Error('It was accepted.');
      } catch (error) {
        expect(error).to.include({ code: 'invalid_passkey' });
      }
      await replica.database.close();
    });

    it('refuses another origin, relying party and challenge, and a user who is not verified', async () => {
      await refuseDeviation({ origin: 'https://latchkey.test.evil.test' });
      await refuseDeviation({ rpId: 'evil.test' });
      await refuseDeviation({ challenge: 'AAAA' });
      await refuseDeviation({ type: 'webauthn.create' });
      await refuseDeviation({ userVerified: false });
      await refuseDeviation({ userPresent: false });
      await refuseDeviation({ clientData: { crossOrigin: true } });
    });

    it('refuses a credential that nobody has, with the same body', async () => {
      const stranger = createAuthenticator();
      const unknown = await refuse(await signLogin(app, stranger, { userHandle: 'AAAA' }));
      const wrong = await refuse(await signLogin(app, authenticator, { userVerified: false }));
      expect(unknown).to.deep.equal(wrong);
    });

    it('refuses a user handle of another account, and none', async () => {
      const { claims } = readJwt(admin.access_token);
      const handle = Buffer.from(String(claims['sub']).replaceAll('-', ''), 'hex').toString('base64url');
      await refuseDeviation({ userHandle: handle });
      await refuseDeviation({ userHandle: undefined });
    });

    it('refuses the id of another’s credential', async () => {
      const other = createAuthenticator();
      await app.createUser(`other ${users}`, password);
      await addPasskey(app, (await app.login(`other ${users}`, password)).access_token, other);
      const credential = await signLogin(app, authenticator);
      await refuse({ ...credential, id: other.id, rawId: other.id });
    });

    it('refuses a security key that is a second factor alone', async () => {
      const key = createAuthenticator();
      const { access_token: token } = await getTokensByPasskey(app, authenticator);
      await addPasskey(app, token, key, { use: 'second_factor' });
      await refuse(await signLogin(app, key));
    });

    for (const { name, key, reason, forge } of weakKeys) {
      it(`refuses a key that was stored before such keys were refused: ${name}`, async () => {
        const publicKey = Buffer.from(isoCBOR.encode(key)).toString('base64url');
        await app.services.database.queries
          .updateTable('latchkey_passkeys')
          .set({ public_key: publicKey })
          .where('id', '=', passkeyId)
          .execute();
        await refuseDeviation({ ...(forge && { forge }) });
        expect(app.logged.findLast(({ event }) => event === 'passkey_refused')?.['reason'])
          .to.match(/^its key /)
          .and.match(reason);
      });
    }

    it('refuses a counter that does not increase, and audits it', async () => {
      await logInWithPasskey(app, await signLogin(app, authenticator, { signCount: 7 })).expect(200);
      await refuseDeviation({ signCount: 7 });
      await refuseDeviation({ signCount: 6 });
      await refuseDeviation({ signCount: 0 });
      await logInWithPasskey(app, await signLogin(app, authenticator, { signCount: 8 })).expect(200);
      const rows = (await app.audited('passkey_counter_went_back')).filter(({ target }) => target === userId);
      expect(rows.map(({ details }) => JSON.parse(details ?? '') as object)).to.have.deep.members(
        [7, 6, 0].map((to) => ({ passkey: passkeyId, name: 'Passkey 1', from: 7, to })),
      );
    });

    it('accepts one of two concurrent signatures with the same counter', async () => {
      const credentials = [
        await signLogin(app, authenticator, { signCount: 9 }),
        await signLogin(app, authenticator, { signCount: 9 }),
      ];
      const statuses = await Promise.all(
        credentials.map(async (each) => (await logInWithPasskey(app, each)).status),
      );
      expect(statuses.sort()).to.deep.equal([200, 401]);
    });

    it('refuses a passkey that was removed, and an account that was disabled, in between', async () => {
      const [first, second] = [await signLogin(app, authenticator), await signLogin(app, authenticator)];
      await app.patch(`/users/${userId}`, { disabled: true }, admin.access_token).expect(200);
      await refuse(first);
      await app.patch(`/users/${userId}`, { disabled: false }, admin.access_token).expect(200);
      await app.delete(`/users/${userId}/passkeys/${passkeyId}`, admin.access_token).expect(204);
      await refuse(second);
    });

    it('still works after a new password', async () => {
      const credential = await signLogin(app, authenticator);
      await app
        .patch(`/users/${userId}`, { password: 'another password of all' }, admin.access_token)
        .expect(200);
      await logInWithPasskey(app, credential).expect(200);
    });

    it('leaves a one-time password in force, which must still be changed', async () => {
      const oneTime = { password: 'a one-time password', one_time: true };
      await app.patch(`/users/${userId}`, oneTime, admin.access_token).expect(200);
      for (const passed of [0, 86_400]) {
        app.clock.advance(passed);
        const { scope, access_token: token } = await getTokensByPasskey(app, authenticator);
        expect(scope).to.equal('');
        expect((await app.get('/me', token).expect(200)).body).to.include({ password_change_required: true });
        admin = await app.login();
      }
    });

    it('counts refused logins for the audit, with the reason in the log', async () => {
      await app.services.auditCounts.flush();
      const rows = (await app.audited('login_failed')).length;
      await refuseDeviation({ origin: 'https://evil.test' });
      await app.services.auditCounts.flush();
      const counted = (await app.audited('login_failed')).slice(rows);
      expect(counted.map(({ details }) => details)).to.deep.equal(['{"reasons":{"wrong_passkey":1}}']);
      const denied = app.logged.filter(
        ({ event, reason }) => event === 'denied' && reason === 'wrong_passkey',
      );
      expect(denied).not.to.be.empty;
      const refused = app.logged.findLast(({ event }) => event === 'passkey_refused');
      expect(refused?.['reason']).to.include('origin "https://evil.test"');
    });

    it('refuses a body of 1 MiB, and one without its fields', async () => {
      const credential = await signLogin(app, authenticator);
      const long = { ...credential.response, signature: 'o'.repeat(1024 * 1024) };
      await app.post('/login/passkey', { credential: { ...credential, response: long } }).expect(413);
      const { body } = await app.post('/login/passkey', { credential: {} }).expect(422);
      expect((body as { errors: object }).errors).to.include.keys('credential.id', 'credential.response');
    });
  });
}
