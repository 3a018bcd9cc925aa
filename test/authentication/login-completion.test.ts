import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { LoginProof } from '../../src/sessions/session-starter.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { listSecondFactors } from '../../src/users/second-factor-bits.js';
import { secondFactorsStore } from '../../src/users/second-factors.store.js';
import { databaseKinds } from '../support/databases.js';
import { adminPassword, TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

const password = 'the password of ada';

for (const database of databaseKinds) {
  describe(`The completion of a login on ${database}`, () => {
    let app: TestApp;
    let made = 0;
    before(async () => {
      app = await TestApp.start({ database });
    });
    after(() => app.close());

    const login = (username: string, given = password) => app.post('/login', { username, password: given });
    const createUser = () => app.createUser(`user ${(made += 1)}`, password);
    const addFactor = (id: string): Promise<void> =>
      app.services.database.transaction((transaction) => secondFactorsStore.add(transaction, id, 'totp'));
    const countSessions = async (id: string): Promise<number> =>
      (
        await app.services.database.queries
          .selectFrom('sessions')
          .select('id')
          .where('user_id', '=', id)
          .execute()
      ).length;

    it('says in the tokens how the user logged in, also after a refresh', async () => {
      const first = (await login('admin', adminPassword).expect(200)).body as TokenSet;
      const second = await app.refresh(first.refresh_token);
      for (const { access_token: token } of [first, second]) {
        const { claims } = readJwt(token);
        expect(claims).to.deep.include({ amr: ['pwd'], acr: 'aal1' });
        expect(claims).not.to.have.any.keys('mfa_time', 'mfa_enroll');
      }
    });

    it('begins no session where the account has a second factor, and gives a token for the next step', async () => {
      const { id, username } = await createUser();
      await addFactor(id);
      const { body, headers } = await login(username).expect(401);
      expect(headers['www-authenticate']).to.equal('Bearer realm="latchkey"');
      expect(headers['cache-control']).to.equal('no-store');
      expect(body).to.include({ code: 'second_factor_required', login_token_expires_in: 300 });
      expect(body.methods).to.deep.equal(['totp', 'recovery_code']);
      expect(await countSessions(id)).to.equal(0);
      const challenge = await app.services.database.queries
        .selectFrom('latchkey_login_challenges')
        .selectAll()
        .where('user_id', '=', id)
        .executeTakeFirst();
      expect(challenge).to.include({
        token_hash: createHash('sha256').update(String(body.login_token)).digest('base64url'),
        amr: 'pwd',
        tries_left: 5,
        expires_at: app.clock.now() + 300_000,
      });
    });

    it('counts a right password before the second factor neither as a success nor as a failure', async () => {
      const { id, username } = await createUser();
      await addFactor(id);
      await login(username, 'a wrong one').expect(401);
      const failures = () =>
        app.services.database.queries.selectFrom('login_attempts').select(['key', 'failures']).execute();
      const before = await failures();
      await login(username).expect(401);
      expect(await failures()).to.deep.equal(before);
      await app.services.database.queries.deleteFrom('login_attempts').execute();
    });

    it('begins no session where a factor was added during the check of the password', async () => {
      const { id } = await createUser();
      const { loginCompletion, database: opened } = app.services;
      const user = await opened.queries
        .selectFrom('users')
        .select(['id', 'password_hash', 'second_factors', 'session_epoch'])
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      await addFactor(id);
      const context = { address: '192.0.2.1', userAgent: 'tests', requestId: 'x' };
      expect(await loginCompletion.complete(user, { methods: ['pwd'] }, context)).to.equal(undefined);
      expect(await countSessions(id)).to.equal(0);
    });

    for (const [what, settings] of [
      ['in one batch', {}],
      ['in a transaction', { LATCHKEY_SESSION_LIMIT: '5' }],
    ] as const) {
      it(`changes nothing of the account where what proves the login was used already: ${what}`, async () => {
        const { id } = await createUser();
        const { loginCompletion, database: opened } = await app.openAgain(settings);
        const read = () =>
          opened.queries.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
        const user = await read();
        const proof: LoginProof = {
          methods: ['pwd'],
          consume: (queries) => [
            { query: queries.deleteFrom('users').where('id', '=', 'nobody').returning('id'), required: true },
          ],
        };
        app.clock.advance(1);
        const context = { address: '192.0.2.1', userAgent: 'tests', requestId: 'x' };
        expect(await loginCompletion.complete(user, proof, context)).to.equal(undefined);
        expect(await read()).to.deep.equal(user);
        expect(await countSessions(id)).to.equal(0);
        await opened.close();
      });
    }

    it('asks for the second factor again where the password was stored again with other costs', async () => {
      const { id, username } = await createUser();
      await addFactor(id);
      const restarted = await app.openAgain({ LATCHKEY_PASSWORD_TIME_COST: '2' });
      const hashOf = () =>
        app.services.database.queries
          .selectFrom('users')
          .select('password_hash')
          .where('id', '=', id)
          .executeTakeFirstOrThrow();
      const before = await hashOf();
      const context = { address: '192.0.2.1', userAgent: 'tests', requestId: 'x' };
      const refused = await restarted.logins.login(username, password, context).then(
        () => undefined,
        (error: unknown) => error,
      );
      await restarted.database.close();
      expect(refused).to.include({ code: 'second_factor_required' });
      const after = await hashOf();
      expect(after).not.to.deep.equal(before);
    });

    it('knows the kinds of second factors that a user has', async () => {
      const { id } = await createUser();
      const kinds = async () => {
        const { second_factors: bits } = await app.services.database.queries
          .selectFrom('users')
          .select('second_factors')
          .where('id', '=', id)
          .executeTakeFirstOrThrow();
        return listSecondFactors(bits);
      };
      const { database: opened } = app.services;
      for (const [change, kind, expected] of [
        ['add', 'totp', ['totp']],
        ['add', 'totp', ['totp']],
        ['add', 'passkey', ['totp', 'passkey']],
        ['remove', 'totp', ['passkey']],
        ['remove', 'totp', ['passkey']],
        ['remove', 'passkey', []],
      ] as const) {
        await opened.transaction((transaction) => secondFactorsStore[change](transaction, id, kind));
        expect(await kinds()).to.deep.equal(expected);
      }
    });

    it('forgets what has expired', async () => {
      const { id, username } = await createUser();
      await addFactor(id);
      await login(username).expect(401);
      app.clock.advance(301);
      await app.services.cleanUp();
      const left = await app.services.database.queries
        .selectFrom('latchkey_login_challenges')
        .select('user_id')
        .execute();
      expect(left).to.deep.equal([]);
    });
  });
}
