import { expect } from 'chai';
import type { SecuredAccount } from '../../src/accounts/account-safety.models.js';
import type { SecondFactors } from '../../src/second-factors/second-factors.models.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import type { User } from '../../src/users/users.models.js';
import { databaseKinds } from '../support/databases.js';
import { listMessagesTo, findTokenIn } from '../support/messages.js';
import {
  addPasskey,
  getTokensByPasskey,
  logInWithPasskey,
  createAuthenticator,
  passkeySettings,
  signLogin,
} from '../support/passkeys.js';
import { beginLogin, computeCode, enrollTotp, loginWithCode } from '../support/second-factors.js';
import { TestApp } from '../support/test-app.js';

const password = 'correct horse battery';
const next = 'another long password';
const day = 86_400;

for (const kind of databaseKinds) {
  describe(`The link of a message about an added second factor on ${kind}`, () => {
    let app: TestApp;
    let admin: string;
    let made = 0;
    before(async () => {
      app = await TestApp.start({
        database: kind,
        settings: { ...passkeySettings, LATCHKEY_RECOVERY_LIMIT: '0' },
      });
    });
    beforeEach(async () => {
      app.clock.advance(1);
      admin = (await app.login()).access_token;
    });
    after(() => app.close());

    type Account = User & { readonly email: string };
    const create = async (): Promise<Account> => {
      const username = `user${(made += 1)}`;
      const body = { username, password, email: `${username}@example.com`, email_verified: true };
      return (await app.post('/users', body, admin).expect(201)).body as Account;
    };
    const login = ({ username }: Account, knows = password) => app.login(username, knows);
    const loginByApp = async ({ username }: Account, secret: string, knows = password): Promise<TokenSet> => {
      app.clock.advance(30);
      const response = await loginWithCode(app, username, knows, computeCode(secret, app));
      expect(response.status).to.equal(200);
      return response.body as TokenSet;
    };
    const replaceCodes = async ({ access_token: token }: TokenSet): Promise<readonly string[]> => {
      app.clock.advance(1);
      const { body } = await app.post('/me/second-factors/recovery-codes', undefined, token).expect(201);
      return (body as { recovery_codes: string[] }).recovery_codes;
    };
    const secure = (token: string) => app.post('/account/secure', { token });
    const linkOf = ({ email }: Account, which = {}) => findTokenIn(app, email, 'factor_added', which);
    /** Follows the link, and chooses a new password. @returns what was removed. */
    const takeBack = async (token: string): Promise<SecuredAccount['removed']> => {
      const { body } = await secure(token).expect(200);
      const { removed, reset_token: resetToken } = body as SecuredAccount;
      await app.post('/password/reset', { token: resetToken, new_password: next }).expect(204);
      return removed;
    };
    const factorsOf = async ({ id }: Account): Promise<Omit<SecondFactors, 'totp_since'>> => {
      const { body } = await app.get(`/users/${id}/second-factors`, admin).expect(200);
      const { kinds, recovery_codes_left } = body as SecondFactors;
      return { kinds, recovery_codes_left };
    };
    const none = { kinds: [], recovery_codes_left: 0 };
    const auditedOf = async ({ id }: Account, event: Parameters<TestApp['audited']>[0]) =>
      (await app.audited(event))
        .filter(({ target }) => target === id)
        .map(({ details }) => JSON.parse(details ?? '') as Record<string, unknown>);

    it('removes the authenticator app and its codes, and lets the owner in as before', async () => {
      const user = await create();
      const { recoveryCodes } = await enrollTotp(app, await login(user));
      expect(await takeBack(await linkOf(user))).to.deep.equal(['totp', 'recovery_codes']);
      const { access_token: token } = await login(user, next);
      expect((await app.get('/me/second-factors', token).expect(200)).body).to.deep.equal(none);
      const stored = await app.services.database.queries
        .selectFrom('latchkey_recovery_codes')
        .select('code_hash')
        .where('user_id', '=', user.id)
        .execute();
      expect(stored).to.deep.equal([]);
      expect(recoveryCodes).to.have.length(10);
      expect(await auditedOf(user, 'second_factor_removed')).to.deep.equal([{ kind: 'totp' }]);
      expect(await auditedOf(user, 'recovery_codes_removed')).to.deep.equal([{ codes: 10 }]);
      const [secured] = await auditedOf(user, 'account_secured');
      expect(secured).to.deep.include({ by: 'not_me', removed: ['totp', 'recovery_codes'] });
      expect(await listMessagesTo(app, user.email, 'factor_removed')).to.have.length(1);
    });

    it('removes a passkey of a thief who has a session of the owner, and no other one', async () => {
      const user = await create();
      const [owners, thiefs] = [createAuthenticator(), createAuthenticator()];
      const first = await addPasskey(app, (await login(user)).access_token, owners);
      app.clock.advance(1);
      const stolen = await getTokensByPasskey(app, owners);
      const added = await addPasskey(app, stolen.access_token, thiefs);
      expect(added.recovery_codes).to.deep.equal([]);
      expect(await takeBack(await linkOf(user))).to.deep.equal(['passkey']);
      expect(await factorsOf(user)).to.deep.equal({ kinds: ['passkey'], recovery_codes_left: 10 });
      await logInWithPasskey(app, await signLogin(app, thiefs)).expect(401);
      await getTokensByPasskey(app, owners);
      const [code = ''] = first.recovery_codes;
      expect((await loginWithCode(app, user.username, next, code)).status).to.equal(200);
      expect(await auditedOf(user, 'passkey_removed')).to.deep.equal([
        { passkey: added.id, name: added.name },
      ]);
    });

    it('removes the only passkey, after which no login asks for one', async () => {
      const user = await create();
      await addPasskey(app, (await login(user)).access_token, createAuthenticator());
      expect(await takeBack(await linkOf(user))).to.deep.equal(['passkey', 'recovery_codes']);
      await login(user, next);
      expect(await factorsOf(user)).to.deep.equal(none);
    });

    it('removes no app that was added after another one was proved, as on a new phone', async () => {
      const user = await create();
      const { secret } = await enrollTotp(app, await login(user));
      app.clock.advance(8 * day);
      const tokens = await loginByApp(user, secret);
      await app.delete('/me/second-factors/totp', tokens.access_token).expect(204);
      const { secret: newSecret } = await enrollTotp(app, tokens);
      const [message] = await listMessagesTo(app, user.email, 'factor_added');
      expect(message?.text).not.to.include('removes what was added');
      expect(await takeBack(await linkOf(user))).to.deep.equal([]);
      admin = (await app.login()).access_token;
      expect(await factorsOf(user)).to.deep.equal({ kinds: ['totp'], recovery_codes_left: 10 });
      await loginByApp(user, newSecret, next);
    });

    it('removes a passkey that a thief adds beside the app that he has just added', async () => {
      const user = await create();
      const { secret } = await enrollTotp(app, await login(user));
      const first = await linkOf(user);
      await addPasskey(app, (await loginByApp(user, secret)).access_token, createAuthenticator());
      expect(await takeBack(await linkOf(user))).to.deep.equal(['passkey']);
      expect(await takeBack(first)).to.deep.equal(['totp', 'recovery_codes']);
      await login(user, next);
    });

    it('removes recovery codes that were replaced by somebody else, and not the app', async () => {
      const user = await create();
      const { secret } = await enrollTotp(app, await login(user));
      const codes = await replaceCodes(await loginByApp(user, secret));
      expect(await takeBack(await linkOf(user))).to.deep.equal(['recovery_codes']);
      expect(await factorsOf(user)).to.deep.equal({ kinds: ['totp'], recovery_codes_left: 0 });
      expect((await loginWithCode(app, user.username, next, codes[0] ?? '')).status).to.equal(403);
      await loginByApp(user, secret, next);
    });

    it('removes the codes that came with an app also where a passkey stays', async () => {
      const user = await create();
      const owners = createAuthenticator();
      await addPasskey(app, (await login(user)).access_token, owners);
      // All were used.
      await app.services.database.queries
        .deleteFrom('latchkey_recovery_codes')
        .where('user_id', '=', user.id)
        .execute();
      app.clock.advance(1);
      const { recoveryCodes } = await enrollTotp(app, await getTokensByPasskey(app, owners));
      expect(await takeBack(await linkOf(user))).to.deep.equal(['totp', 'recovery_codes']);
      expect(await factorsOf(user)).to.deep.equal({ kinds: ['passkey'], recovery_codes_left: 0 });
      expect((await loginWithCode(app, user.username, next, recoveryCodes[0] ?? '')).status).to.equal(403);
    });

    it('removes nothing that was added after it', async () => {
      const user = await create();
      const tokens = await login(user);
      const { secret } = await enrollTotp(app, tokens);
      const ofApp = await linkOf(user);
      const own = await loginByApp(user, secret);
      const passkey = createAuthenticator();
      await addPasskey(app, own.access_token, passkey);
      const codes = await replaceCodes(own);
      // The codes that came with the app are gone, and the new ones are not theirs.
      expect(await takeBack(ofApp)).to.deep.equal(['totp']);
      expect(await factorsOf(user)).to.deep.equal({ kinds: ['passkey'], recovery_codes_left: 10 });
      expect((await loginWithCode(app, user.username, next, codes[0] ?? '')).status).to.equal(200);
    });

    it('removes nothing where it was removed by hand, and another one added since', async () => {
      const user = await create();
      const { secret } = await enrollTotp(app, await login(user));
      const link = await linkOf(user);
      const tokens = await loginByApp(user, secret);
      await app.delete('/me/second-factors/totp', tokens.access_token).expect(204);
      const { secret: later, recoveryCodes } = await enrollTotp(app, await login(user));
      expect(await takeBack(link)).to.deep.equal([]);
      expect(await factorsOf(user)).to.deep.equal({ kinds: ['totp'], recovery_codes_left: 10 });
      await beginLogin(app, user.username, next);
      await loginByApp(user, later, next);
      expect((await loginWithCode(app, user.username, next, recoveryCodes[0] ?? '')).status).to.equal(200);
      expect((await auditedOf(user, 'account_secured'))[0]).not.to.have.property('removed');

      const other = await create();
      const [first, second] = [createAuthenticator(), createAuthenticator()];
      const { id } = await addPasskey(app, (await login(other)).access_token, first);
      const ofFirst = await linkOf(other);
      app.clock.advance(1);
      const { access_token: token } = await getTokensByPasskey(app, first);
      await addPasskey(app, token, second);
      await app.delete(`/me/passkeys/${id}`, token).expect(204);
      // Its codes go: who has it has seen them.
      expect(await takeBack(ofFirst)).to.deep.equal(['recovery_codes']);
      expect(await factorsOf(other)).to.deep.equal({ kinds: ['passkey'], recovery_codes_left: 0 });
    });

    it('is used once, by one of two at once, and not after seven days', async () => {
      const user = await create();
      await enrollTotp(app, await login(user));
      const link = await linkOf(user);
      const both = await Promise.all([secure(link), secure(link)]);
      expect(both.map(({ status }) => status).sort()).to.deep.equal([200, 400]);
      await secure(link).expect(400);
      expect(await auditedOf(user, 'second_factor_removed')).to.have.length(1);

      const late = await create();
      await enrollTotp(app, await login(late));
      const lateLink = await linkOf(late);
      app.clock.advance(7 * day);
      admin = (await app.login()).access_token;
      await secure(lateLink).expect(400);
      expect(await factorsOf(late)).to.deep.equal({ kinds: ['totp'], recovery_codes_left: 10 });
    });

    it('works after an earlier one was used, and removes its own factor, also both at once', async () => {
      for (const atOnce of [false, true]) {
        const user = await create();
        const thiefs = createAuthenticator();
        await addPasskey(app, (await login(user)).access_token, thiefs);
        app.clock.advance(1);
        await enrollTotp(app, await getTokensByPasskey(app, thiefs));
        const [first, second] = [await linkOf(user, { before: 1 }), await linkOf(user)];
        if (atOnce) {
          const both = await Promise.all([secure(second), secure(first)]);
          expect(both.map(({ status }) => status)).to.deep.equal([200, 200]);
        } else {
          expect((await secure(first).expect(200)).body).to.deep.include({
            removed: ['passkey', 'recovery_codes'],
          });
          expect(await takeBack(second)).to.deep.equal(['totp']);
          await login(user, next);
        }
        expect(await factorsOf(user)).to.deep.equal(none);
      }
    });

    it('removes it, and restores the address, also where a thief has changed that since', async () => {
      const user = await create();
      const thiefs = createAuthenticator();
      await addPasskey(app, (await login(user)).access_token, thiefs);
      const link = await linkOf(user);
      app.clock.advance(1);
      const { access_token: thief } = await getTokensByPasskey(app, thiefs);
      const email = `thief${made}@example.org`;
      await app.put('/me/email', { email }, thief).expect(202);
      app.clock.advance(1);
      const proof = { token: await findTokenIn(app, email, 'address_verification') };
      await app.post('/email/verify', proof, thief).expect(204);
      const { body } = await secure(link).expect(200);
      expect(body).to.deep.include({ email_restored: true, removed: ['passkey', 'recovery_codes'] });
      expect((await app.get(`/users/${user.id}`, admin)).body).to.include({ email: user.email });
      expect(await factorsOf(user)).to.deep.equal(none);
    });

    it('leaves a thief who logs in at the same moment no session', async () => {
      const user = await create();
      const { recoveryCodes } = await enrollTotp(app, await login(user));
      const link = await linkOf(user);
      const begun = await beginLogin(app, user.username, password);
      const proof = { login_token: begun, code: recoveryCodes[0] };
      const [thief] = await Promise.all([app.post('/login/second-factor', proof), secure(link).expect(200)]);
      if (thief.status === 200) await app.get('/me', (thief.body as TokenSet).access_token).expect(401);
      expect(await factorsOf(user)).to.deep.equal(none);
    });

    it('is void where it went to another address, that of a thief, whose factor an administrator removes', async () => {
      const user = await create();
      const { access_token: thief } = await login(user);
      const email = `thief${made}@example.org`;
      await app.put('/me/email', { email }, thief).expect(202);
      app.clock.advance(1);
      const proof = { token: await findTokenIn(app, email, 'address_verification') };
      await app.post('/email/verify', proof, thief).expect(204);
      app.clock.advance(1);
      await enrollTotp(app, await login(user));
      const link = await findTokenIn(app, email, 'factor_added');
      const undo = { token: await findTokenIn(app, user.email, 'address_changed') };
      const { body } = await app.post('/email/undo', undo).expect(200);
      const { removed, reset_token: token } = body as SecuredAccount;
      expect(removed).to.deep.equal([]);
      await secure(link).expect(400);
      await app.post('/password/reset', { token, new_password: next }).expect(204);
      await beginLogin(app, user.username, next);
      await app.delete(`/users/${user.id}/second-factors/totp`, admin).expect(204);
      await login(user, next);
    });

    it('leaves all factors when it is of a message about a removed factor, a used code or a changed password', async () => {
      const user = await create();
      const owners = createAuthenticator();
      await addPasskey(app, (await login(user)).access_token, owners);
      app.clock.advance(1);
      const { secret, recoveryCodes } = await enrollTotp(app, await getTokensByPasskey(app, owners));
      expect(recoveryCodes).to.deep.equal([]);
      const codes = await replaceCodes(await loginByApp(user, secret));
      const used = await loginWithCode(app, user.username, password, codes[0] ?? '');
      const { access_token: token } = used.body as TokenSet;
      app.clock.advance(1);
      await app.delete('/me/second-factors/totp', token).expect(204);
      app.clock.advance(1);
      const change = { current_password: password, new_password: next };
      await app.put('/me/password', change, token).expect(200);
      for (const template of ['password_changed', 'factor_removed', 'recovery_code_used'] as const) {
        const { body } = await secure(await findTokenIn(app, user.email, template)).expect(200);
        expect((body as SecuredAccount).removed, template).to.deep.equal([]);
      }
      expect(await factorsOf(user)).to.deep.equal({ kinds: ['passkey'], recovery_codes_left: 9 });
    });

    it('removes nothing when it was sent by an earlier version', async () => {
      const user = await create();
      await enrollTotp(app, await login(user));
      await app.services.database.queries
        .updateTable('latchkey_safety_links')
        .set({ added: null })
        .where('user_id', '=', user.id)
        .execute();
      expect(await takeBack(await linkOf(user))).to.deep.equal([]);
      await beginLogin(app, user.username, next);
    });

    it('is in a message that says that it removes what was added', async () => {
      const user = await create();
      await enrollTotp(app, await login(user));
      const [message] = await listMessagesTo(app, user.email, 'factor_added');
      expect(message?.text.replaceAll(/\s+/g, ' ')).to.include(
        'That removes what was added, ends all sessions, makes the password useless',
      );
      const german = await create();
      await app.patch(`/users/${german.id}`, { language: 'de' }, admin).expect(200);
      await enrollTotp(app, await login(german));
      const [nachricht] = await listMessagesTo(app, german.email, 'factor_added');
      expect(nachricht?.text.replaceAll(/\s+/g, ' ')).to.include(
        'Damit wird das wieder entfernt, alle Sitzungen enden, das Passwort wird unbrauchbar',
      );
    });
  });
}
