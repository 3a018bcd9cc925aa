import { expect } from 'chai';
import type { SecuredAccount } from '../../src/accounts/account-safety.models.js';
import type { User } from '../../src/users/users.models.js';
import { databaseKinds } from '../support/databases.js';
import { listMessagesTo, findTokenIn } from '../support/messages.js';
import { beginLogin, computeCode, enrollTotp, loginWithCode } from '../support/second-factors.js';
import { TestApp } from '../support/test-app.js';

const password = 'correct horse battery';
const next = 'another long password';
const day = 86_400;

for (const kind of databaseKinds) {
  describe(`The link "This was not me" on ${kind}`, () => {
    let app: TestApp;
    let admin: string;
    let made = 0;
    before(async () => {
      app = await TestApp.start({
        database: kind,
        settings: {
          LATCHKEY_APP_URL: 'https://app.example',
          LATCHKEY_RECOVERY_LIMIT: '0',
          JWT_ACCESS_TOKEN_EXPIRES: '1d',
        },
      });
    });
    beforeEach(async () => {
      app.clock.advance(1);
      admin = (await app.login()).access_token;
    });
    after(() => app.close());

    /** Longer than the administrator's session lasts. */
    const advanceLong = async (seconds: number): Promise<void> => {
      app.clock.advance(seconds);
      admin = (await app.login()).access_token;
    };
    const create = async (): Promise<User & { email: string }> => {
      const username = `user${(made += 1)}`;
      const body = { username, password, email: `${username}@example.com`, email_verified: true };
      return (await app.post('/users', body, admin).expect(201)).body as User & { email: string };
    };
    const secure = (token: string) => app.post('/account/secure', { token });
    /** Somebody who knows the password has set another one. */
    const changePassword = async (user: User, from = password, to = 'set by somebody else') => {
      const { access_token: token } = await app.login(user.username, from);
      app.clock.advance(1);
      const body = { current_password: from, new_password: to };
      return (await app.put('/me/password', body, token).expect(200)).body as { access_token: string };
    };
    const linkOf = (user: { email: string }) => findTokenIn(app, user.email, 'password_changed');
    const reset = (token: string) => app.post('/password/reset', { token, new_password: next });

    it('ends all sessions at once, makes the password useless, and leads to a new one', async () => {
      const user = await create();
      const { access_token: thief } = await changePassword(user);
      const token = await linkOf(user);
      expect(token).to.match(/^lk_nm_[A-Za-z0-9_-]{43}$/);
      const { body } = await secure(token).expect(200);
      const { reset_token: resetToken, ...rest } = body as SecuredAccount;
      expect(rest).to.deep.equal({ expires_in: 1800, email_restored: true, removed: [] });
      await app.get('/me', thief).expect(401);
      for (const known of [password, 'set by somebody else', ''])
        await app
          .post('/login', { username: user.username, password: known || 'x' })
          .expect(401)
          .expect(({ body: { code } }) => {
            expect(code).to.equal('invalid_credentials');
          });
      await reset(resetToken).expect(204);
      await app.login(user.username, next);
      const [audited] = (await app.audited('account_secured')).filter(({ target }) => target === user.id);
      expect(JSON.parse(audited?.details ?? '')).to.deep.include({ by: 'not_me' });
    });

    it('works once, for one of two concurrent requests, and not after seven days', async () => {
      const user = await create();
      await changePassword(user);
      const token = await linkOf(user);
      const responses = await Promise.all([secure(token), secure(token)]);
      expect(responses.map(({ status }) => status).sort()).to.deep.equal([200, 400]);
      expect((await secure(token).expect(400)).body).to.include({ code: 'invalid_link' });
      const late = await create();
      await changePassword(late);
      const lateToken = await linkOf(late);
      await advanceLong(7 * day - 2);
      const inTime = await create();
      await changePassword(inTime);
      app.clock.advance(2);
      await secure(lateToken).expect(400);
      await secure(await linkOf(inTime)).expect(200);
      await app.services.cleanUp();
      const left = await app.services.database.queries
        .selectFrom('latchkey_safety_links')
        .select('user_id')
        .where('user_id', '=', late.id)
        .execute();
      expect(left).to.deep.equal([]);
    });

    it('still works after a restart, whatever a thief with the password has changed', async () => {
      const user = await create();
      await changePassword(user);
      const token = await linkOf(user);
      await changePassword(user, 'set by somebody else', 'set by somebody else again');
      const later = await linkOf(user);
      app = await app.restart();
      await secure(token).expect(200);
      // It was sent for something that came after, and would not take back the first change.
      await secure(later).expect(400);
    });

    it('leaves earlier links valid', async () => {
      const user = await create();
      await changePassword(user);
      const first = await linkOf(user);
      await changePassword(user, 'set by somebody else', 'set by somebody else again');
      await secure(await linkOf(user)).expect(200);
      await secure(first).expect(200);
    });

    it('is refused while the account is disabled, and when it is deleted, for another purpose, or made up', async () => {
      const user = await create();
      await changePassword(user);
      const token = await linkOf(user);
      await app.patch(`/users/${user.id}`, { disabled: true }, admin).expect(200);
      await secure(token).expect(400);
      await app.patch(`/users/${user.id}`, { disabled: false }, admin).expect(200);
      await app.post('/email/undo', { token }).expect(400);
      await secure(token).expect(200);
      const deleted = await create();
      await changePassword(deleted);
      await app.delete(`/users/${deleted.id}`, admin).expect(204);
      await secure(await linkOf(deleted)).expect(400);
      await secure(`lk_nm_${'x'.repeat(43)}`).expect(400);
    });

    it('stops working, as do links for new passwords, once an administrator marks the address as unverified', async () => {
      const user = await create();
      await changePassword(user);
      const token = await linkOf(user);
      await app.post('/password/forgot', { email: user.email }).expect(204);
      const resetToken = await findTokenIn(app, user.email, 'password_reset');
      await app.patch(`/users/${user.id}`, { email_verified: false }, admin).expect(200);
      await secure(token).expect(400);
      await reset(resetToken).expect(400);
      expect((await app.get(`/users/${user.id}`, admin)).body).to.include({ email_verified: false });
    });

    it('does not bypass the second factor, which is required after the reset', async () => {
      const user = await create();
      const tokens = await app.login(user.username, password);
      const { secret } = await enrollTotp(app, tokens);
      const change = { current_password: password, new_password: 'set by somebody else' };
      await app.put('/me/password', change, tokens.access_token).expect(200);
      const { body } = await secure(await linkOf(user)).expect(200);
      expect((body as SecuredAccount).removed).to.deep.equal([]);
      await reset((body as SecuredAccount).reset_token).expect(204);
      await beginLogin(app, user.username, next);
      app.clock.advance(30);
      await loginWithCode(app, user.username, next, computeCode(secret, app)).then(({ status }) => {
        expect(status).to.equal(200);
      });
    });

    it('keeps passkeys that were added since from logging anybody in alone', async () => {
      const user = await create();
      const { queries } = app.services.database;
      const addPasskey = (id: string, createdAt: number) =>
        queries
          .insertInto('latchkey_passkeys')
          .values({
            ...{ id, user_id: user.id, credential_id: `${user.id} ${id}`, public_key: '', name: id },
            ...{ transports: '', aaguid: '', sign_count: 0, passwordless: 1, backup_eligible: 0 },
            ...{ backed_up: 0, created_at: createdAt, last_used_at: null },
          })
          .execute();
      await addPasskey(`${user.id} before`, app.clock.now());
      app.clock.advance(1);
      await changePassword(user);
      await addPasskey(`${user.id} since`, app.clock.now());
      await secure(await linkOf(user)).expect(200);
      const kept = await queries
        .selectFrom('latchkey_passkeys')
        .select(['name', 'passwordless'])
        .where('user_id', '=', user.id)
        .orderBy('created_at')
        .execute();
      expect(kept.map(({ passwordless }) => passwordless)).to.deep.equal([1, 0]);
    });

    it('is in each message about a change of the account, in both languages, and stored as a hash alone', async () => {
      const user = await create();
      await app.patch(`/users/${user.id}`, { language: 'de' }, admin).expect(200);
      const { recoveryCodes } = await enrollTotp(app, await app.login(user.username, password));
      const session = await loginWithCode(app, user.username, password, recoveryCodes[0] ?? '');
      const { access_token: token } = session.body as { access_token: string };
      app.clock.advance(1);
      await app.post('/me/second-factors/recovery-codes', undefined, token).expect(201);
      await app.delete('/me/second-factors/totp', token).expect(204);
      await app.patch(`/users/${user.id}`, { password: next }, admin).expect(200);
      const messages = await listMessagesTo(app, user.email);
      expect(messages.map(({ template }) => template)).to.have.members([
        'password_changed',
        'factor_removed',
        'factor_added',
        'recovery_code_used',
        'factor_added',
      ]);
      const stored = JSON.stringify([
        await app.services.database.queries.selectFrom('latchkey_safety_links').selectAll().execute(),
        await app.services.database.queries.selectFrom('latchkey_outbox').selectAll().execute(),
        await app.services.database.queries.selectFrom('audit').selectAll().execute(),
      ]);
      for (const { text } of messages) {
        expect(text).to.match(/^Das war ich nicht:\nhttps:\/\/app\.example\/not-me\?token=lk_nm_\S{43}$/m);
        expect(stored).not.to.include(/lk_nm_(\S+)/.exec(text)?.[1]);
      }
    });

    it('is limited per network', async () => {
      app = await app.restart({ LATCHKEY_RECOVERY_LIMIT: '1' });
      await secure('lk_nm_x').expect(400);
      await secure('lk_nm_x').expect(429);
      await app.post('/email/undo', { token: 'lk_eu_x' }).expect(429);
    });
  });
}
