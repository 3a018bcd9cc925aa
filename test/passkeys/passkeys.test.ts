import { expect } from 'chai';
import { v7 } from 'uuid';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { formatCodePoint } from '../../src/text/freeform-text.js';
import type { Passkey, PasskeyList } from '../../src/passkeys/passkeys.models.js';
import { databaseKinds } from '../support/databases.js';
import { requestClientToken, createClient } from '../support/oauth-clients.js';
import {
  addPasskey,
  getCreationOptions,
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
  describe(`/me/passkeys on ${database}`, () => {
    let app: TestApp;
    let admin: TokenSet;
    let tokens: TokenSet;
    let userId: string;
    let users = 0;
    before(async () => {
      app = await TestApp.start({ database, settings: passkeySettings });
      admin = await app.login();
    });
    beforeEach(async () => {
      const username = `user ${++users}`;
      ({ id: userId } = await app.createUser(username, password));
      tokens = await app.login(username, password);
    });
    after(() => app.close());

    /** Another user, who has no passkey. */
    const logInOther = async (): Promise<TokenSet> => {
      const other = `other ${++users}`;
      await app.createUser(other, password);
      return app.login(other, password);
    };
    const list = async (): Promise<readonly Passkey[]> =>
      ((await app.get('/me/passkeys', tokens.access_token).expect(200)).body as PasskeyList).items;
    const add = (credential: object, token = tokens.access_token) =>
      app.post('/me/passkeys', { credential }, token);
    const refusalOf = async (credential: object, token?: string): Promise<string> => {
      const { body } = await add(credential, token).expect(422);
      return (body as { errors: { credential: string } }).errors.credential;
    };
    const audited = async (event: Parameters<TestApp['audited']>[0]) =>
      (await app.audited(event)).filter(({ target }) => target === userId);

    it('requests a passkey of this service and this account, with user verification', async () => {
      const options = await getCreationOptions(app, tokens.access_token);
      expect(options).to.deep.include({
        rp: { id: 'latchkey.test', name: 'latchkey.test' },
        user: {
          id: Buffer.from(userId.replaceAll('-', ''), 'hex').toString('base64url'),
          name: `user ${users}`,
          displayName: `user ${users}`,
        },
        timeout: 300_000,
        excludeCredentials: [],
        attestation: 'none',
      });
      expect(options.authenticatorSelection).to.deep.equal({
        residentKey: 'required',
        requireResidentKey: true,
        userVerification: 'required',
      });
      expect(Buffer.from(options.challenge, 'base64url')).to.have.length(32);
    });

    it('has two uses for them', async () => {
      await app.post('/me/passkeys/options', { use: 'x' }, tokens.access_token).expect(422);
    });

    it('adds several, lists them, and renames them', async () => {
      const device = createAuthenticator({ synced: true });
      const added = await addPasskey(app, tokens.access_token, device, { name: 'Phone' });
      const { recovery_codes: codes, tokens: given, ...phone } = added;
      expect(codes).to.have.length(10);
      expect(readJwt(given?.access_token ?? '').claims).to.include({ fresh: true, acr: 'aal2' });
      expect(phone).to.deep.include({
        name: 'Phone',
        use: 'login',
        synced: true,
        backed_up: true,
        transports: ['internal', 'hybrid'],
        aaguid: '00000000-0000-0000-0000-000000000000',
      });
      app.clock.advance(1);
      const { access_token: token } = await getTokensByPasskey(app, device);
      const {
        recovery_codes: none,
        tokens: next,
        ...second
      } = await addPasskey(app, token, createAuthenticator());
      await app.refresh(next?.refresh_token ?? '');
      expect(none).to.deep.equal([]);
      expect(second).to.include({ name: 'Passkey 2', synced: false, backed_up: false });
      const { last_used_at: used, ...first } = (await list())[0] ?? expect.fail();
      expect(used).to.be.a('string');
      expect([first, (await list())[1]]).to.deep.equal([phone, second]);
      const path = `/me/passkeys/${second.id}`;
      const { body } = await app.patch(path, { name: 'Key' }, tokens.access_token).expect(200);
      expect(body).to.deep.equal({ ...second, name: 'Key' });
      expect((await list()).map(({ name }) => name)).to.deep.equal(['Phone', 'Key']);
      expect(await audited('passkey_added')).to.have.length(2);
      expect(await audited('passkey_renamed')).to.have.length(1);
      const { excludeCredentials } = await getCreationOptions(app, token);
      expect(excludeCredentials).to.have.length(2);
    });

    it('refuses names with characters that cannot be seen, when they are added and renamed', async () => {
      const credential = createAuthenticator().create(await getCreationOptions(app, tokens.access_token));
      const { id } = await addPasskey(app, tokens.access_token, createAuthenticator(), { name: 'Phone' });
      const hidden = [
        '\u0085',
        '\u00ad',
        '\u061c',
        '\u180e',
        '\u200b',
        '\u200d',
        '\u200e',
        '\u2028',
        '\u202e',
      ];
      for (const character of [
        ...hidden,
        '\u2066',
        '\u2800',
        '\u3164',
        '\ue000',
        '\ufe0f',
        '\ufeff',
        '\u{e0061}',
      ]) {
        const name = `my${character}enohp`;
        for (const { body } of [
          await app.post('/me/passkeys', { name, credential }, tokens.access_token).expect(422),
          await app.patch(`/me/passkeys/${id}`, { name }, tokens.access_token).expect(422),
        ]) {
          expect((body as { errors: { name: string } }).errors.name).to.include(formatCodePoint(character));
        }
      }
      expect((await list()).map(({ name }) => name)).to.deep.equal(['Phone']);
    });

    it('refuses the same registration a second time', async () => {
      const authenticator = createAuthenticator();
      const credential = authenticator.create(await getCreationOptions(app, tokens.access_token));
      await add(credential).expect(201);
      expect(await refusalOf(credential)).to.include('its challenge is unknown, used, expired');
    });

    it('accepts one of two concurrent registrations with one challenge', async () => {
      const options = await getCreationOptions(app, tokens.access_token);
      const statuses = await Promise.all(
        [createAuthenticator(), createAuthenticator()].map(
          async (each) => (await add(each.create(options))).status,
        ),
      );
      expect(statuses.sort()).to.deep.equal([201, 422]);
      expect(await list()).to.have.length(1);
    });

    it('accepts one of two accounts that register one credential concurrently', async () => {
      const authenticator = createAuthenticator();
      const mine = authenticator.create(await getCreationOptions(app, tokens.access_token));
      const other = await logInOther();
      const theirs = authenticator.create(await getCreationOptions(app, other.access_token));
      const statuses = await Promise.all([
        add(mine).then(({ status }) => status),
        add(theirs, other.access_token).then(({ status }) => status),
      ]);
      expect(statuses.sort()).to.deep.equal([201, 409]);
    });

    it('refuses a credential that an account has already, in another account, too', async () => {
      const authenticator = createAuthenticator();
      await addPasskey(app, tokens.access_token, authenticator);
      for (const { access_token: token } of [
        await getTokensByPasskey(app, authenticator),
        await logInOther(),
      ]) {
        const { body } = await add(authenticator.create(await getCreationOptions(app, token)), token).expect(
          409,
        );
        expect(body).to.include({ code: 'passkey_exists' });
      }
    });

    it('refuses a challenge of another session of the same user, and of another user', async () => {
      const options = await getCreationOptions(app, tokens.access_token);
      const again = await app.login(`user ${users}`, password);
      for (const { access_token: token } of [again, admin]) {
        expect(await refusalOf(createAuthenticator().create(options), token)).to.include(
          'of another session',
        );
      }
      await add(createAuthenticator().create(options)).expect(201);
    });

    it('refuses a challenge of a login', async () => {
      const { body } = await app.post('/login/passkey/options', {}).expect(200);
      const options = await getCreationOptions(app, tokens.access_token);
      const { challenge } = body as { challenge: string };
      expect(await refusalOf(createAuthenticator().create({ ...options, challenge }))).to.include(
        'challenge',
      );
    });

    it('refuses a challenge after five minutes', async () => {
      const options = await getCreationOptions(app, tokens.access_token);
      app.clock.advance(300);
      expect(await refusalOf(createAuthenticator().create(options))).to.include('expired');
    });

    it('refuses what WebAuthn refuses, and says why', async () => {
      const create = async (deviation: object) =>
        createAuthenticator().create(await getCreationOptions(app, tokens.access_token), deviation);
      expect(await refusalOf(await create({ origin: 'https://evil.test' }))).to.include('origin');
      expect(await refusalOf(await create({ rpId: 'evil.test' }))).to.include('RP ID');
      expect(await refusalOf(await create({ userVerified: false }))).to.include('verification');
      expect(await refusalOf(await create({ clientData: { crossOrigin: true } }))).to.include('frame');
      expect(await list()).to.deep.equal([]);
    });

    for (const { name, key, reason } of weakKeys) {
      it(`refuses a key with which everybody could sign, or which is none: ${name}`, async () => {
        const options = await getCreationOptions(app, tokens.access_token);
        const error = await refusalOf(createAuthenticator().create(options, { publicKey: key }));
        expect(error)
          .to.match(/^is refused: its key /)
          .and.match(reason);
        expect(await list()).to.deep.equal([]);
      });
    }

    it('accepts a security key without a PIN as a second factor', async () => {
      const token = tokens.access_token;
      const { authenticatorSelection } = await getCreationOptions(app, token, 'second_factor');
      expect(authenticatorSelection).to.deep.equal({
        residentKey: 'discouraged',
        requireResidentKey: false,
        userVerification: 'discouraged',
      });
      const key = await addPasskey(app, token, createAuthenticator({ userVerified: false }), {
        use: 'second_factor',
      });
      expect(key).to.include({ use: 'second_factor' });
    });

    it('allows 25 for each account', async () => {
      const { queries } = app.services.database;
      const device = createAuthenticator();
      const { id } = await addPasskey(app, tokens.access_token, device);
      const { access_token: token } = await getTokensByPasskey(app, device);
      const row = await queries
        .selectFrom('latchkey_passkeys')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      const rows = Array.from({ length: 23 }, () => ({ ...row, id: v7(), credential_id: v7() }));
      await queries.insertInto('latchkey_passkeys').values(rows).execute();
      const [first, second] = [createAuthenticator(), createAuthenticator()];
      const credentials = [
        first.create(await getCreationOptions(app, token)),
        second.create(await getCreationOptions(app, token)),
      ];
      const statuses = await Promise.all(credentials.map(async (each) => (await add(each, token)).status));
      expect(statuses.sort()).to.deep.equal([201, 409]);
      const { body } = await app.post('/me/passkeys/options', {}, token).expect(409);
      expect(body).to.include({ code: 'too_many_passkeys' });
    });

    it('asks for a fresh login to add and to remove, and not to list and rename', async () => {
      const device = createAuthenticator();
      const { id } = await addPasskey(app, tokens.access_token, device);
      const begun = await getTokensByPasskey(app, device);
      const options = await getCreationOptions(app, begun.access_token);
      const { access_token: stale } = await app.refresh(begun.refresh_token);
      const responses = [
        await app.post('/me/passkeys/options', {}, stale).expect(401),
        await add(createAuthenticator().create(options), stale).expect(401),
        await app.delete(`/me/passkeys/${id}`, stale).expect(401),
      ];
      for (const { body, headers } of responses) {
        expect(body).to.include({ code: 'insufficient_user_authentication' });
        expect(headers['www-authenticate']).to.include('max_age=');
      }
      await app.get('/me/passkeys', stale).expect(200);
      await app.patch(`/me/passkeys/${id}`, { name: 'x' }, stale).expect(200);
    });

    it('asks for a second factor to add and to remove, where the account has one: not for a stolen token of a password', async () => {
      const device = createAuthenticator();
      const { id } = await addPasskey(app, tokens.access_token, device);
      const responses = [
        await app.post('/me/passkeys/options', {}, tokens.access_token).expect(401),
        await app.delete(`/me/passkeys/${id}`, tokens.access_token).expect(401),
      ];
      for (const { headers } of responses)
        expect(headers['www-authenticate']).to.include('acr_values="aal2"');
      const { access_token: token } = await getTokensByPasskey(app, device);
      app.clock.advance(301);
      await app.post('/me/passkeys/options', {}, token).expect(401);
      await app.delete(`/me/passkeys/${id}`, token).expect(401);
    });

    it('removes one, which logs nobody in any more, and leaves the sessions that it began', async () => {
      const authenticator = createAuthenticator();
      const { id } = await addPasskey(app, tokens.access_token, authenticator);
      const { body } = await logInWithPasskey(app, await signLogin(app, authenticator)).expect(200);
      const begun = body as TokenSet;
      await app.delete(`/me/passkeys/${id}`, begun.access_token).expect(204);
      await logInWithPasskey(app, await signLogin(app, authenticator)).expect(401);
      await app.get('/me', begun.access_token).expect(200);
      expect(await list()).to.deep.equal([]);
      expect((await audited('passkey_removed')).map(({ actor_id: actor }) => actor)).to.deep.equal([userId]);
      await app.delete(`/me/passkeys/${id}`, begun.access_token).expect(404);
    });

    it('removes none without which its user could not log in', async () => {
      const [first, second] = [createAuthenticator(), createAuthenticator()];
      const { id } = await addPasskey(app, tokens.access_token, first);
      const { access_token: token } = await getTokensByPasskey(app, first);
      await addPasskey(app, token, createAuthenticator({ userVerified: false }), { use: 'second_factor' });
      await app.services.database.queries
        .updateTable('users')
        .set({ password_hash: '' })
        .where('id', '=', userId)
        .execute();
      const { body } = await app.delete(`/me/passkeys/${id}`, token).expect(409);
      expect(body).to.include({ code: 'last_way_in' });
      const other = await addPasskey(app, token, second);
      const statuses = await Promise.all(
        [id, other.id].map(async (each) => (await app.delete(`/me/passkeys/${each}`, token)).status),
      );
      expect(statuses.sort()).to.deep.equal([204, 409]);
    });

    it('are those of the caller: others’ are neither renamed nor removed', async () => {
      const { id } = await addPasskey(app, tokens.access_token, createAuthenticator());
      const { access_token: token } = await app.login();
      await app.patch(`/me/passkeys/${id}`, { name: 'mine' }, token).expect(404);
      await app.delete(`/me/passkeys/${id}`, token).expect(404);
      expect(await list()).to.have.length(1);
    });

    it('are seen and removed by administrators, of a disabled user, too', async () => {
      const { id, name } = await addPasskey(app, tokens.access_token, createAuthenticator());
      const path = `/users/${userId}/passkeys`;
      const { body } = await app.get(path, admin.access_token).expect(200);
      expect((body as PasskeyList).items.map((each) => each.name)).to.deep.equal([name]);
      await app.get(path, tokens.access_token).expect(403);
      await app.delete(`${path}/${id}`, tokens.access_token).expect(403);
      await app.patch(`/users/${userId}`, { disabled: true }, admin.access_token).expect(200);
      await app.delete(`${path}/${id}`, admin.access_token).expect(204);
      await app.delete(`${path}/${id}`, admin.access_token).expect(404);
      await app.get(`/users/${v7()}/passkeys`, admin.access_token).expect(404);
      await app.delete(`/users/${v7()}/passkeys/${id}`, admin.access_token).expect(404);
      expect(await audited('passkey_removed')).to.have.length(1);
    });

    it('cause an e-mail to their owner when one is added or removed, by an administrator, too', async () => {
      const change = { email: `user${users}@example.com`, email_verified: true };
      await app.patch(`/users/${userId}`, change, admin.access_token).expect(200);
      const { outbox, database: opened } = app.services;
      const told = async (): Promise<string[]> => {
        app.clock.advance(1);
        const rows = await outbox.list(opened.queries, { limit: 100 });
        const own = rows.filter(({ user_id: owner }) => owner === userId).reverse();
        const read = await Promise.all(own.map(({ id }) => outbox.read(opened.queries, id)));
        return read.map((each) => each?.message?.text ?? '');
      };
      const authenticator = createAuthenticator();
      const { id } = await addPasskey(app, tokens.access_token, authenticator);
      expect((await told())[0])
        .to.include('has a passkey as a second step')
        .and.to.include('127.0.0.1');
      const { access_token: token } = await getTokensByPasskey(app, authenticator);
      await app.patch(`/me/passkeys/${id}`, { name: 'another name' }, token).expect(200);
      const other = await addPasskey(app, token, createAuthenticator());
      await told();
      await app.delete(`/me/passkeys/${id}`, token).expect(204);
      await told();
      await app.delete(`/users/${userId}/passkeys/${other.id}`, admin.access_token).expect(204);
      const all = await told();
      expect(all).to.have.length(4);
      for (const text of all.slice(2)) expect(text).to.include('had a passkey as a second step');
    });

    it('are those of users: a client has none', async () => {
      const { access_token: token } = await requestClientToken(app, await createClient(app));
      const { id } = await addPasskey(app, tokens.access_token, createAuthenticator());
      // Never of a fresh login.
      await app.post('/me/passkeys/options', {}, token).expect(401);
      await add(createAuthenticator().create(example), token).expect(401);
      await app.delete(`/me/passkeys/${id}`, token).expect(401);
      for (const request of [
        app.get('/me/passkeys', token),
        app.patch(`/me/passkeys/${id}`, { name: 'x' }, token),
      ]) {
        expect((await request.expect(403)).body).to.include({ code: 'user_session_required' });
      }
    });

    it('go with their user', async () => {
      const authenticator = createAuthenticator();
      await addPasskey(app, tokens.access_token, authenticator);
      const assertion = await signLogin(app, authenticator);
      await app.delete(`/users/${userId}`, admin.access_token).expect(204);
      await logInWithPasskey(app, assertion).expect(401);
    });

    it('are not added to an account that was disabled in between', async () => {
      const credential = createAuthenticator().create(await getCreationOptions(app, tokens.access_token));
      await app.patch(`/users/${userId}`, { disabled: true }, admin.access_token).expect(200);
      await add(credential).expect(401);
    });

    it('refuses a body of 1 MiB, and an attestation object that is longer than any', async () => {
      const credential = createAuthenticator().create(await getCreationOptions(app, tokens.access_token));
      const withObject = (length: number) => ({
        ...credential,
        response: { ...credential.response, attestationObject: 'o'.repeat(length) },
      });
      await add(withObject(1024 * 1024)).expect(413);
      const { body } = await add(withObject(20_001)).expect(422);
      expect((body as { errors: object }).errors).to.have.keys('credential.response.attestationObject');
      await add(withObject(20_000)).expect(422);
    });
  });
}

describe('Where there are no passkeys', () => {
  for (const [reason, settings] of [
    ['they are off', { ...passkeySettings, LATCHKEY_PASSKEY_RP_ID: 'off' }],
    ['browsers have none for the service’s URL', {}],
  ] as const) {
    it(`because ${reason}: they can be listed, not added, and nobody logs in with them`, async () => {
      const app = await TestApp.start({
        settings: { ...settings, JWT_TOKEN_LOCATION: 'headers,cookies' },
      });
      const { access_token: token } = await app.login();
      const responses = [
        await app.post('/me/passkeys/options', {}, token),
        await app.post('/me/passkeys', { credential: createAuthenticator().create(example) }, token),
        await app.post('/login/passkey/options', {}),
        await app.post('/login/passkey', { credential: createAuthenticator().get(example) }),
        await app.post('/login/passkey/cookies', { credential: createAuthenticator().get(example) }),
      ];
      for (const { status, body } of responses) {
        expect(status).to.equal(404);
        expect(body).to.include({ code: 'passkeys_off' });
      }
      await app.get('/me/passkeys', token).expect(200);
      await app.close();
    });
  }
});

const example = {
  challenge: 'AAAA',
  rpId: 'latchkey.test',
  rp: { id: 'latchkey.test', name: 'latchkey.test' },
  user: { id: 'AAAA', name: 'ada', displayName: 'ada' },
};
