import { expect } from 'chai';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import type { ConfirmedTotp } from '../../src/second-factors/second-factors.models.js';
import { databaseKinds } from '../support/databases.js';
import { createClient, toFormCredentials } from '../support/oauth-clients.js';
import { beginLogin, computeCode, enrollTotp, loginWithCode } from '../support/second-factors.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

const password = 'the password of ada';

for (const database of databaseKinds) {
  describe(`A user’s own second factors on ${database}`, () => {
    let app: TestApp;
    let made = 0;
    before(async () => {
      app = await TestApp.start({ database });
    });
    after(() => app.close());

    async function newUser(): Promise<{ id: string; username: string; tokens: TokenSet }> {
      const { id, username } = await app.createUser(`user ${(made += 1)}`, password);
      return { id, username, tokens: await app.login(username, password) };
    }
    const begin = ({ access_token: token }: TokenSet) =>
      app.post('/me/second-factors/totp', undefined, token);
    const confirm = ({ access_token: token }: TokenSet, code: string) =>
      app.post('/me/second-factors/totp/confirm', { code }, token);
    const state = ({ access_token: token }: TokenSet) => app.get('/me/second-factors', token);
    const remove = ({ access_token: token }: TokenSet) => app.delete('/me/second-factors/totp', token);
    const replaceCodes = ({ access_token: token }: TokenSet) =>
      app.post('/me/second-factors/recovery-codes', undefined, token);

    it('are set up with a secret, shown as text and as a QR code, and a first code', async () => {
      const { username, tokens, id } = await newUser();
      const { body } = await begin(tokens).expect(201);
      expect(body.secret).to.match(/^[A-Z2-7]{32}$/);
      expect(body.uri).to.equal(
        `otpauth://totp/latchkey.test:${encodeURIComponent(username)}?secret=${body.secret}&issuer=latchkey.test`,
      );
      expect(body.qr_svg).to.match(/^<svg .*<\/svg>$/s);
      expect(body.qr_text).to.include('█');
      expect(body.expires_in).to.equal(600);
      // Nothing is asked for before the app has shown that it has the secret.
      expect((await state(tokens).expect(200)).body).to.deep.equal({ kinds: [], recovery_codes_left: 0 });
      await app.login(username, password);
      await confirm(tokens, computeCode(body.secret as string, app, 3)).expect(403);
      await confirm(tokens, '12345').expect(422);
      const { body: confirmed } = await confirm(tokens, computeCode(body.secret as string, app)).expect(200);
      expect(confirmed.recovery_codes).to.have.length(10);
      expect(new Set(confirmed.recovery_codes as string[]).size).to.equal(10);
      await beginLogin(app, username, password);
      expect((await state(tokens).expect(200)).body).to.deep.equal({
        kinds: ['totp'],
        totp_since: new Date(app.clock.now()).toISOString(),
        recovery_codes_left: 10,
      });
      const { body: me } = await app.get('/me', tokens.access_token).expect(200);
      expect(me).to.deep.include({ second_factors: ['totp'], second_factor_enrollment_required: false });
      const [audited] = (await app.audited('second_factor_added')).filter(({ target }) => target === id);
      expect(audited).to.include({ actor_id: id, details: '{"kind":"totp"}' });
    });

    it('make the session one with a second factor, whose tokens come with the confirmation', async () => {
      const { tokens } = await newUser();
      const before = readJwt(tokens.access_token).claims;
      const { tokens: given } = await enrollTotp(app, tokens);
      const { claims } = readJwt(given.access_token);
      const proved = { amr: ['pwd', 'otp', 'mfa'], acr: 'aal2', fresh: true };
      expect(claims).to.deep.include({ ...proved, sid: before['sid'], auth_time: before['auth_time'] });
      const next = await app.refresh(given.refresh_token);
      expect(readJwt(next.access_token).claims).to.deep.include({ ...proved, fresh: false });
    });

    it('give a refresh token that was stolen before them nothing', async () => {
      const { tokens } = await newUser();
      const { body } = await begin(tokens).expect(201);
      const { body: confirmed } = await confirm(tokens, computeCode(body.secret as string, app)).expect(200);
      const given = (confirmed as Required<ConfirmedTotp>).tokens;
      const steal = () => app.post('/refresh', { refresh_token: tokens.refresh_token }).expect(401);
      // Within the grace it may be another browser tab.
      expect((await steal()).body.detail).to.include('a second factor was added');
      const next = await app.refresh(given.refresh_token);
      app.clock.advance(11);
      await steal();
      await app.post('/refresh', { refresh_token: next.refresh_token }).expect(401);
      await app.get('/me', next.access_token).expect(401);
    });

    it('store neither the secret nor a code unencrypted', async () => {
      const { tokens, id } = await newUser();
      const { secret, recoveryCodes } = await enrollTotp(app, tokens);
      const { queries } = app.services.database;
      const rows = JSON.stringify([
        await queries.selectFrom('latchkey_totp').selectAll().where('user_id', '=', id).execute(),
        await queries.selectFrom('latchkey_recovery_codes').selectAll().where('user_id', '=', id).execute(),
        await app.audited('second_factor_added'),
      ]);
      for (const text of [secret, ...recoveryCodes]) expect(rows).not.to.include(text);
    });

    it('can be begun again before the confirmation, and expire without one', async () => {
      const { tokens } = await newUser();
      const { body: first } = await begin(tokens).expect(201);
      const { body: second } = await begin(tokens).expect(201);
      await confirm(tokens, computeCode(first.secret as string, app)).expect(403);
      app.clock.advance(600);
      const { body: late } = await confirm(tokens, computeCode(second.secret as string, app)).expect(404);
      expect(late).to.include({ code: 'second_factor_not_found' });
      await app.services.cleanUp();
      const left = await app.services.database.queries
        .selectFrom('latchkey_totp')
        .select('user_id')
        .where('confirmed_at', 'is', null)
        .execute();
      expect(left).to.deep.equal([]);
    });

    it('are confirmed by one of two requests at the same time', async () => {
      const { tokens } = await newUser();
      const { body } = await begin(tokens).expect(201);
      const code = computeCode(body.secret as string, app);
      const both = await Promise.all([confirm(tokens, code), confirm(tokens, code)]);
      expect(both.map(({ status }) => status).sort()).to.deep.equal([200, 404]);
    });

    it('are one authenticator app at most', async () => {
      const { username, tokens } = await newUser();
      const { secret } = await enrollTotp(app, tokens);
      const { body: again } = await loginWithCode(app, username, password, computeCode(secret, app));
      const { body } = await begin(again as TokenSet).expect(409);
      expect(body).to.include({ code: 'second_factor_exists' });
    });

    it('are not set up with a stolen access token: that needs a recent login', async () => {
      const { tokens } = await newUser();
      const { body } = await begin(await app.refresh(tokens.refresh_token)).expect(401);
      expect(body).to.include({ code: 'insufficient_user_authentication' });
      app.clock.advance(301);
      await begin(tokens).expect(401);
    });

    it('are changed only after a login with a second factor where there is one', async () => {
      const { username, tokens } = await newUser();
      const { secret } = await enrollTotp(app, tokens);
      // A fresh login, but without the factor.
      for (const change of [begin, remove, replaceCodes]) {
        const { body, headers } = await change(tokens).expect(401);
        expect(body).to.include({ code: 'insufficient_user_authentication' });
        expect(headers['www-authenticate']).to.match(/, acr_values="aal2", max_age="300"$/);
      }
      const { body } = await loginWithCode(app, username, password, computeCode(secret, app));
      app.clock.advance(301);
      await remove(body as TokenSet).expect(401);
    });

    it('are removed with the recovery codes, and end no session', async () => {
      const { id, username, tokens: before } = await newUser();
      const { secret, tokens } = await enrollTotp(app, before);
      const { body } = await loginWithCode(app, username, password, computeCode(secret, app));
      await remove(body as TokenSet).expect(204);
      const { body: gone } = await remove(body as TokenSet).expect(404);
      expect(gone).to.include({ code: 'second_factor_not_found' });
      expect((await state(tokens).expect(200)).body).to.deep.equal({ kinds: [], recovery_codes_left: 0 });
      await app.refresh(tokens.refresh_token);
      await app.login(username, password);
      const [audited] = (await app.audited('second_factor_removed')).filter(({ target }) => target === id);
      expect(audited).to.include({ actor_id: id });
    });

    it('have new recovery codes on request, and the old ones stop working', async () => {
      const { id, username, tokens } = await newUser();
      await replaceCodes(tokens).expect(404);
      const { secret, recoveryCodes } = await enrollTotp(app, tokens);
      const { body: fresh } = await loginWithCode(app, username, password, computeCode(secret, app));
      const { body } = await replaceCodes(fresh as TokenSet).expect(201);
      const [code = ''] = body.recovery_codes as string[];
      expect((await loginWithCode(app, username, password, recoveryCodes[0] ?? '')).status).to.equal(403);
      expect((await loginWithCode(app, username, password, code)).status).to.equal(200);
      const audited = (await app.audited('recovery_codes_replaced')).filter(({ target }) => target === id);
      expect(audited).to.have.length(1);
    });

    it('cause an e-mail to their user when they change, and when a recovery code is used', async () => {
      const { id, username, tokens } = await newUser();
      const { queries } = app.services.database;
      const email = `${id}@example.com`;
      await queries
        .updateTable('users')
        .set({ email, email_key: email, email_verified_at: 1 })
        .where('id', '=', id)
        .execute();
      const { recoveryCodes } = await enrollTotp(app, tokens);
      const { body } = await loginWithCode(app, username, password, recoveryCodes[0] ?? '');
      await replaceCodes(body as TokenSet).expect(201);
      await remove(body as TokenSet).expect(204);
      const rows = await queries
        .selectFrom('latchkey_outbox')
        .selectAll()
        .where('user_id', '=', id)
        .execute();
      expect(rows.map(({ template }) => template)).to.have.members([
        'factor_added',
        'recovery_code_used',
        'factor_added',
        'factor_removed',
      ]);
      const { id: message = '' } = rows.find(({ template }) => template === 'recovery_code_used') ?? {};
      const used = await app.services.outbox.read(queries, message);
      expect(used?.message?.text).to.include('9 codes are left');
    });

    it('are not a client’s', async () => {
      const form = { grant_type: 'client_credentials', ...toFormCredentials(await createClient(app)) };
      const { body } = await app.postForm('/oauth/token', form).expect(200);
      const token = { access_token: body.access_token as string } as TokenSet;
      await state(token).expect(403);
      await confirm(token, '000000').expect(403);
      await app.get('/me/devices', token.access_token).expect(403);
      await app.delete('/me/devices/0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10', token.access_token).expect(403);
    });

    it('are listed and removed by administrators, whose own need a login with the factor', async () => {
      const { id, username, tokens } = await newUser();
      await enrollTotp(app, tokens);
      const admin = (await app.login()).access_token;
      const { body: none } = await app
        .get('/users/0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10/second-factors', admin)
        .expect(404);
      expect(none).to.include({ code: 'user_not_found' });
      const { body } = await app.get(`/users/${id}/second-factors`, admin).expect(200);
      expect(body).to.deep.include({ kinds: ['totp'], recovery_codes_left: 10 });
      await app.get(`/users/${id}/second-factors`, tokens.access_token).expect(403);
      await app.delete(`/users/${id}/second-factors/totp`, tokens.access_token).expect(403);
      await app.delete(`/users/${id}/second-factors/totp`, admin).expect(204);
      await app.delete(`/users/${id}/second-factors/totp`, admin).expect(404);
      await app.login(username, password);
      const [audited] = (await app.audited('second_factor_removed')).filter(({ target }) => target === id);
      expect(audited).to.include({ actor_name: 'admin' });

      const adminId = (await app.get('/me', admin).expect(200)).body.id as string;
      const own = await enrollTotp(app, await app.login());
      const { body: refused } = await app.delete(`/users/${adminId}/second-factors/totp`, admin).expect(401);
      expect(refused).to.include({ code: 'insufficient_user_authentication' });
      const { body: again } = await loginWithCode(
        app,
        'admin',
        'the admin of the tests',
        computeCode(own.secret, app),
      );
      await app.delete(`/users/${adminId}/second-factors/totp`, (again as TokenSet).access_token).expect(204);
    });

    it('stay when an administrator sets a password or changes roles', async () => {
      const { id, username, tokens } = await newUser();
      await enrollTotp(app, tokens);
      const admin = (await app.login()).access_token;
      await app.patch(`/users/${id}`, { password: 'another password', roles: [] }, admin).expect(200);
      await beginLogin(app, username, 'another password');
    });
  });
}

describe('Second factors that are off', () => {
  it('are neither asked for nor set up', async () => {
    const app = await TestApp.start();
    const { username } = await app.createUser('ada', password);
    await enrollTotp(app, await app.login(username, password));
    const off = await app.restart({ LATCHKEY_SECOND_FACTOR: 'off' });
    const { access_token: token } = await off.login(username, password);
    for (const request of [
      off.get('/me/second-factors', token),
      off.post('/me/second-factors/totp', undefined, token),
      off.post('/me/second-factors/totp/confirm', { code: '000000' }, token),
      off.delete('/me/second-factors/totp', token),
      off.post('/me/second-factors/recovery-codes', undefined, token),
    ]) {
      const { body } = await request.expect(404);
      expect(body).to.include({ code: 'second_factors_off' });
    }
    await off.close();
  });
});
