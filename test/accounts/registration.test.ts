import { expect } from 'chai';
import type { RegistrationResult } from '../../src/accounts/registration.models.js';
import { databaseKinds } from '../support/databases.js';
import { occupyCores } from '../support/occupied-cores.js';
import { chooseOtherCode, readMessages, type ReadMessage } from '../support/registrations.js';
import { TestApp } from '../support/test-app.js';

const password = 'correct horse battery';
const other = 'another long password';
const day = 86_400;

for (const database of databaseKinds) {
  describe(`A registration on ${database}`, () => {
    let app: TestApp;
    let admin: string;
    let made = 0;
    before(async () => {
      app = await TestApp.start({
        database,
        settings: {
          LATCHKEY_APP_URL: 'https://app.example',
          LATCHKEY_REGISTRATION: 'open',
          LATCHKEY_REGISTRATION_LIMIT: '0',
          LATCHKEY_REGISTRATION_ROLES: 'member,gone,auditor',
          LATCHKEY_PASSWORD_QUEUE: '1',
          JWT_ACCESS_TOKEN_EXPIRES: '1d',
        },
      });
      admin = (await app.login()).access_token;
      await app.put('/roles/member', { permissions: ['reports:read'] }, admin).expect(201);
      await app.put('/roles/auditor', { permissions: ['audit:read'] }, admin).expect(201);
    });
    beforeEach(async () => {
      app.clock.advance(1);
      admin = (await app.login()).access_token;
    });
    after(() => app.close());

    const newAddress = (): string => `grace.${(made += 1)}@example.com`;
    const register = (fields: object) => app.post('/register', { password, ...fields });
    const verify = (proof: object) => app.post('/email/verify', proof);
    /** Registers. @returns the client's token, and the newest message. */
    async function registered(
      fields: { readonly email?: string } & Readonly<Record<string, unknown>> = {},
    ): Promise<ReadMessage & { readonly email: string; readonly registration_token: string }> {
      const email = fields.email ?? newAddress();
      const { body } = await register({ email, ...fields }).expect(202);
      const { registration_token: token = '', expires_in: expiresIn } = body as RegistrationResult;
      expect(token).to.match(/^lk_rc_[A-Za-z0-9_-]{43}$/);
      expect(expiresIn).to.equal(day);
      const [message] = await readMessages(app, email);
      return { ...(message ?? expect.fail()), email, registration_token: token };
    }
    const findUser = async (email: string): Promise<Record<string, unknown> | undefined> => {
      const { body } = await app.get(`/users?email=${encodeURIComponent(email)}`, admin).expect(200);
      return (body.items as Record<string, unknown>[])[0];
    };

    it('becomes an account by the link, with the password that was registered', async () => {
      const { email, token, registration_token } = await registered({
        username: 'Grace Hopper',
        display_name: 'Grace',
        language: 'de',
      });
      expect(token).to.match(/^lk_rg_[A-Za-z0-9_-]{43}$/);
      expect(await findUser(email)).to.equal(undefined);
      await app.post('/login', { username: 'grace hopper', password }).expect(401);
      await verify({ token, registration_token }).expect(204);
      const user = await findUser(email);
      expect(user).to.include({ username: 'Grace Hopper', display_name: 'Grace', language: 'de' });
      expect(user).to.include({ email_verified: true, password_change_required: false });
      expect(user?.['roles']).to.deep.equal(['member']);
      await app.login(email, password);
      await app.login('grace hopper', password);
      for (const proof of [{ token }, { token, registration_token }]) {
        expect((await verify({ ...proof, password }).expect(400)).body.code).to.equal('invalid_link');
      }
      const [left] = app.logged.filter(({ event }) => event === 'registration_roles_left_out').slice(-1);
      expect(left?.['roles']).to.deep.equal(['gone', 'auditor']);
    });

    it('becomes an account by the code, which may be tried five times', async () => {
      const one = await registered();
      const { registration_token } = one;
      await verify({ code: one.code }).expect(401);
      for (let tries = 0; tries < 4; tries += 1)
        await verify({ code: chooseOtherCode(one.code), registration_token }).expect(400);
      await verify({ code: one.code, registration_token }).expect(204);
      await app.login(one.email, password);
      const two = await registered();
      const ofTwo = { registration_token: two.registration_token };
      for (let tries = 0; tries < 5; tries += 1)
        await verify({ code: chooseOtherCode(two.code), ...ofTwo }).expect(400);
      await verify({ code: two.code, ...ofTwo }).expect(400);
      // The link of the same message works.
      await verify({ token: two.token, ...ofTwo }).expect(204);
    });

    it('has a name that is made up where none was chosen', async () => {
      const { email, token, registration_token } = await registered();
      await verify({ token, registration_token }).expect(204);
      expect((await findUser(email))?.['username']).to.match(/^user-[a-z2-9]{10}$/);
    });

    it('gives a stranger nothing: the owner’s link creates the account with the owner’s password and name', async () => {
      const email = newAddress();
      const stranger = await registered({ email, username: 'stranger', display_name: 'The Stranger' });
      const { body } = await verify({ token: stranger.token }).expect(422);
      expect(body.errors).to.have.all.keys('password');
      await verify({ token: stranger.token, password: other, display_name: 'Owner' }).expect(204);
      await app.post('/login', { username: email, password }).expect(401);
      await app.login(email, other);
      const user = await findUser(email);
      expect(user?.['username']).to.match(/^user-/);
      expect(user).to.include({ display_name: 'Owner' }).and.not.to.have.property('language');
      const { registration_token, code } = stranger;
      await verify({ code, registration_token }).expect(400);
      await app.post('/email/verification', { registration_token }).expect(400);
      await app.post('/login', { username: 'stranger', password }).expect(401);
    });

    it('is not completed by the token of another registration', async () => {
      const { token, email } = await registered();
      const { registration_token } = await registered();
      await verify({ token, registration_token }).expect(422);
      await verify({ token, registration_token: `lk_rc_${'x'.repeat(43)}` }).expect(422);
      await verify({ token, registration_token, password: other }).expect(204);
      await app.login(email, other);
    });

    it('is not lost by those of strangers: five messages a day, and each of their links does', async () => {
      const email = newAddress();
      const first = await registered({ email });
      for (let count = 0; count < 6; count += 1) await registered({ email, password: other });
      const messages = await readMessages(app, email);
      expect(messages).to.have.length(5);
      // The owner’s, when strangers have used up all messages.
      const { body } = await register({ email, password: 'that of the owner' }).expect(202);
      const { registration_token } = body as RegistrationResult;
      expect(await readMessages(app, email)).to.have.length(5);
      await verify({ token: messages[2]?.token, registration_token }).expect(204);
      await app.login(email, 'that of the owner');
      // All others of the address are void with it.
      await verify({ token: first.token, registration_token: first.registration_token }).expect(400);
    });

    it('lets an address have messages again after a day', async () => {
      const email = newAddress();
      for (let count = 0; count < 7; count += 1) {
        await registered({ email });
        app.clock.advance(600);
      }
      app.clock.advance(day - 7 * 600);
      await registered({ email });
      expect(await readMessages(app, email)).to.have.length(6);
    });

    it('is sent again, and the links of both messages work', async () => {
      const one = await registered();
      const { registration_token, email } = one;
      app.clock.advance(60);
      await app.post('/email/verification', { registration_token }).expect(204);
      const [again] = await readMessages(app, email);
      expect(again?.token)
        .to.match(/^lk_rg_/)
        .and.not.to.equal(one.token);
      // The code is that of the newest message.
      await verify({ code: one.code, registration_token }).expect(again?.code === one.code ? 204 : 400);
      await verify({ token: one.token, registration_token }).expect(204);
      await app.login(email, password);
      await verify({ token: again?.token, registration_token, password }).expect(400);
      await app.post('/email/verification', { registration_token }).expect(400);
      await app.post('/email/verification', {}).expect(401);
    });

    it('expires after a day, and leaves no row', async () => {
      const { token, registration_token, code } = await registered();
      app.clock.advance(day - 1);
      const late = await registered();
      app.clock.advance(1);
      for (const proof of [{ token }, { code }])
        await verify({ ...proof, registration_token, password }).expect(400);
      await app.post('/email/verification', { registration_token }).expect(400);
      await verify({ token: late.token, registration_token: late.registration_token }).expect(204);
      app.clock.advance(day);
      await app.services.cleanUp();
      const { queries } = app.services.database;
      expect(await queries.selectFrom('latchkey_registrations').selectAll().execute()).to.deep.equal([]);
    });

    it('is completed by one of two concurrent confirmations', async () => {
      const { token, code, registration_token } = await registered();
      const responses = await Promise.all([
        verify({ token, registration_token }),
        verify({ token, password: other }),
        verify({ code, registration_token }),
      ]);
      const statuses = responses.map(({ status }) => status).sort();
      // The queue for passwords has one place.
      expect(statuses.filter((status) => status !== 503 && status !== 400)).to.deep.equal([204]);
    });

    it('whose name has been taken meanwhile stays valid, and may choose another name', async () => {
      const names = { username: `racer ${made}` };
      const [one, two] = [await registered(names), await registered(names)];
      const confirm = ({ code, registration_token }: typeof one, fields: object = {}) =>
        verify({ code, registration_token, ...fields });
      const responses = await Promise.all([confirm(one), confirm(two)]);
      expect(responses.map(({ status }) => status).sort()).to.deep.equal([204, 409]);
      const loser = responses[0].status === 409 ? one : two;
      // More often than a wrong code could be tried.
      for (let count = 0; count < 6; count += 1) {
        const { body } = await confirm(loser).expect(409);
        expect(body).to.include({ code: 'username_taken' });
      }
      await confirm(loser, { username: `${names.username} the second` }).expect(204);
      await app.login(`${names.username} the second`, password);
      const { body } = await register({ email: newAddress(), username: names.username }).expect(409);
      expect(body).to.include({ code: 'username_taken' });
    });

    it('is refused for a name that looks like another user’s, and for one that is an address', async () => {
      await app.post('/users', { username: 'paypal', password }, admin).expect(201);
      const { body } = await register({ email: newAddress(), username: 'paypaI' }).expect(409);
      expect(body).to.include({ code: 'username_taken' });
      for (const username of ['victim@example.com', 'a＠b', 'two  spaces', 'аda']) {
        const { body: problem } = await register({ email: newAddress(), username }).expect(422);
        expect(problem.errors).to.have.all.keys('username');
      }
      const { token } = await registered();
      await verify({ token, password, username: 'a@b' }).expect(422);
      await verify({ token, password, username: 'admin' }).expect(409);
      await verify({ token, password }).expect(204);
    });

    for (const [what, chosen] of [
      ['is short', 'short'],
      ['is common', 'sunshine1'],
      ['is the address', 'grace.hopper.1906'],
    ] as const) {
      it(`is refused for a password that ${what}, also at the confirmation`, async () => {
        const email = `grace.hopper.${(made += 1)}@example.com`;
        const { body } = await register({ email, password: chosen }).expect(422);
        expect(body.errors).to.have.all.keys('password');
        const { token } = await registered({ email });
        await verify({ token, password: chosen }).expect(422);
        await verify({ token, password }).expect(204);
      });
    }

    it('needs an address, or a link or a code, of the right form', async () => {
      for (const [fields, field] of [
        [{}, 'email'],
        [{ username: 'grace' }, 'email'],
        [{ email: 'grace@example' }, 'email'],
        [{ email: newAddress(), display_name: ' x' }, 'display_name'],
        [{ email: newAddress(), roles: ['admin'] }, 'roles'],
        [{ email: newAddress(), password: undefined }, 'password'],
      ] as const) {
        const { body } = await register(fields).expect(422);
        expect(body.errors).to.have.all.keys(field);
      }
      const { registration_token, token, code } = await registered();
      for (const proof of [{ registration_token }, { registration_token, token, code }])
        await verify(proof).expect(422);
      await verify({ token: 'lk_ev_x', password }).expect(422);
      await verify({ token: 'lk_ev_x' }).expect(401);
      await verify({ token: 'lk_ev_x', registration_token }).expect(400);
      await verify({ token: 'lk_rg_x' }).expect(400);
      await verify({ code: '123456', registration_token: 'lk_rc_x' }).expect(400);
    });

    it('responds with busy where too many passwords are computed', async () => {
      const { token } = await registered();
      const letGo = occupyCores(app.services.passwords, 1);
      try {
        await register({ email: newAddress() }).expect(503);
        await verify({ token, password }).expect(503);
      } finally {
        await letGo();
      }
      await verify({ token, password }).expect(204);
    });

    it('gets an address that is unverified at another account, and none that is verified there', async () => {
      const email = newAddress();
      const { body: holder } = await app
        .post('/users', { username: `holder ${made}`, password, email }, admin)
        .expect(201);
      const { token, registration_token, template } = await registered({ email });
      expect(template).to.equal('registration');
      await verify({ token, registration_token }).expect(204);
      const { body: left } = await app.get(`/users/${holder.id}`, admin).expect(200);
      expect(left).not.to.have.property('email');
      const [audited] = (await app.audited('email_changed')).filter(({ target }) => target === holder.id);
      expect(JSON.parse(audited?.details ?? '')).to.deep.equal({ email: { from: email, to: null } });
      const later = await registered();
      const body = { username: `proved ${made}`, password, email: later.email, email_verified: true };
      await app.post('/users', body, admin).expect(201);
      const { body: problem } = await verify({ token: later.token, password }).expect(409);
      expect(problem).to.include({ code: 'email_taken' });
    });

    it('works over replicas and a restart', async () => {
      const one = await registered();
      const replica = await app.openAgain();
      const source = { context: { requestId: null, address: null, userAgent: null }, language: undefined };
      const none = { username: undefined, password: undefined, displayName: undefined };
      const { token, registration_token: registrationToken } = one;
      await replica.registrationCompletion.complete({ token, registrationToken }, none, source);
      await verify({ token, registration_token: registrationToken }).expect(400);
      await app.login(one.email, password);
      await replica.database.close();
      const two = await registered();
      app = await app.restart();
      await verify({ code: two.code, registration_token: two.registration_token }).expect(204);
    });

    it('is in the audit, and its tokens are stored as hashes', async () => {
      const { email, token, registration_token } = await registered();
      const { queries } = app.services.database;
      const stored = async () =>
        JSON.stringify([
          await queries.selectFrom('latchkey_registrations').selectAll().execute(),
          await queries.selectFrom('latchkey_outbox').selectAll().execute(),
          await queries.selectFrom('audit').selectAll().execute(),
        ]);
      for (const secret of [token.slice(6), registration_token.slice(6), password])
        expect(await stored()).not.to.include(secret);
      await verify({ token, registration_token }).expect(204);
      const user = await findUser(email);
      const [row] = (await app.audited('user_registered')).filter(({ target }) => target === user?.['id']);
      expect(row).to.include({ actor_kind: 'service', address: '127.0.0.1' });
      expect(JSON.parse(row?.details ?? '')).to.deep.equal({ email_verified: true });
      const created = (await app.audited('user_created')).filter(({ target }) => target === user?.['id']);
      expect(created).to.have.length(1);
      const requested = (await app.audited('registration_requested')).at(-1);
      expect(requested).to.include({ target: null, address: '127.0.0.1' });
    });

    it('is refused where the settings change before it is confirmed', async () => {
      const { token, registration_token, email } = await registered();
      for (const [setting, code] of [
        ['off', 'registration_off'],
        ['invitation', 'invitation_required'],
        ['domains:example.org', 'email_domain_refused'],
      ] as const) {
        app = await app.restart({ LATCHKEY_REGISTRATION: setting });
        for (const response of [
          await verify({ token, registration_token }).expect(403),
          await register({ email }).expect(403),
          await app.post('/email/verification', { registration_token }).expect(403),
        ])
          expect(response.body).to.include({ code });
      }
      app = await app.restart({ LATCHKEY_REGISTRATION: 'domains:example.org,example.com' });
      await register({ email: 'x@sub.example.com' }).expect(403);
      await register({ email: 'X@EXAMPLE.ORG' }).expect(202);
      await verify({ token, registration_token }).expect(204);
      app = await app.restart({ LATCHKEY_REGISTRATION: 'open' });
    });

    it('is limited per network, and in total', async () => {
      app = await app.restart({ LATCHKEY_REGISTRATION_LIMIT: '4' });
      const { registration_token } = await registered();
      await app.post('/email/verification', { registration_token }).expect(204);
      await verify({ code: '000000', registration_token }).expect(400);
      await register({ email: newAddress() }).expect(202);
      for (const response of [
        await register({ email: newAddress() }).expect(429),
        await verify({ code: '000000', registration_token }).expect(429),
        await app.post('/email/verification', { registration_token }).expect(429),
      ])
        expect(response.body).to.include({ code: 'too_many_requests' });
      app.clock.advance(3600);
      app = await app.restart({ LATCHKEY_REGISTRATION_LIMIT: '0', LATCHKEY_REGISTRATIONS_PER_HOUR: '3' });
      const one = await registered();
      await app.post('/email/verification', { registration_token: one.registration_token }).expect(204);
      await registered();
      const refused = await register({ email: newAddress() }).expect(503);
      expect(refused.body).to.include({ code: 'too_many_registrations' });
      expect(refused.headers).to.include({ 'retry-after': '3600' });
      const again = { registration_token: one.registration_token };
      await app.post('/email/verification', again).expect(503);
      await verify({ token: one.token, ...again }).expect(204);
      // Of its two messages one counts still, so that those who confirm are limited, too.
      await registered();
      await register({ email: newAddress() }).expect(503);
      const { registration } = app.services;
      expect(registration.outcomes).to.deep.equal({
        pending: 3,
        known: 0,
        created: 1,
        refused: 0,
        limited: 3,
      });
    });
  });
}
