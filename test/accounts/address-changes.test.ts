import { expect } from 'chai';
import type { SecuredAccount } from '../../src/accounts/account-safety.models.js';
import type { OwnData } from '../../src/accounts/own-data.models.js';
import type { User } from '../../src/users/users.models.js';
import { databaseKinds } from '../support/databases.js';
import { listMessagesTo, findTokenIn } from '../support/messages.js';
import { computeCode, enrollTotp, loginWithCode } from '../support/second-factors.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const password = 'correct horse battery';
const next = 'another long password';
const day = 86_400;

for (const kind of databaseKinds) {
  describe(`Another address of an account on ${kind}`, () => {
    let app: TestApp;
    let admin: string;
    let made = 0;
    before(async () => {
      app = await TestApp.start({
        database: kind,
        settings: {
          LATCHKEY_APP_URL: 'https://app.example',
          LATCHKEY_RECOVERY_LIMIT: '0',
          LATCHKEY_REGISTRATION: 'open',
          JWT_ACCESS_TOKEN_EXPIRES: '1d',
        },
      });
    });
    beforeEach(async () => {
      app.clock.advance(1);
      admin = (await app.login()).access_token;
    });
    after(() => app.close());

    interface Account {
      readonly user: User;
      /** The one that it begins with. */
      readonly email: string;
      readonly token: string;
    }
    /** Longer than the administrator's session lasts. */
    const advanceLong = async (seconds: number): Promise<void> => {
      app.clock.advance(seconds);
      admin = (await app.login()).access_token;
    };
    const create = async (details: object = {}): Promise<Account> => {
      const username = `user${(made += 1)}`;
      const email = `${username}@example.com`;
      const body = { username, password, email, email_verified: true, ...details };
      const { body: user } = await app.post('/users', body, admin).expect(201);
      return { user: user as User, email, token: (await app.login(username, password)).access_token };
    };
    const ask = (email: string, token: string) => app.put('/me/email', { email }, token);
    const verify = (proof: object, token: string) => app.post('/email/verify', proof, token);
    const undo = (token: string) => app.post('/email/undo', { token });
    /** All of it, with a fresh login. @returns the new tokens of the account. */
    const change = async ({ user }: Account, email: string, knows = password): Promise<string> => {
      app.clock.advance(1);
      const { access_token: token } = await app.login(user.username, knows);
      await ask(email, token).expect(202);
      app.clock.advance(1);
      await verify({ token: await findTokenIn(app, email, 'address_verification') }, token).expect(204);
      return token;
    };
    const readAddress = async ({ user }: Account) => {
      const { body } = await app.get(`/users/${user.id}`, admin).expect(200);
      const { email, email_verified: isVerified } = body as User;
      return { email, isVerified };
    };

    it('takes effect when it is verified, and ends nothing', async () => {
      const account = await create();
      expect((await ask('new1@example.org', account.token).expect(202)).body).to.deep.equal({
        expires_in: 3600,
      });
      expect(await readAddress(account)).to.deep.equal({ email: account.email, isVerified: true });
      const token = await findTokenIn(app, 'new1@example.org', 'address_verification');
      expect(token).to.match(/^lk_ec_[A-Za-z0-9_-]{43}$/);
      await verify({ token }, account.token).expect(204);
      expect(await readAddress(account)).to.deep.equal({ email: 'new1@example.org', isVerified: true });
      await app.login('new1@example.org', password);
      await app.post('/login', { username: account.email, password }).expect(401);
      await app.get('/me', account.token).expect(200);
      await verify({ token }, account.token).expect(400);
      expect((await listMessagesTo(app, account.email)).map(({ template }) => template)).to.have.members([
        'address_changed',
        'address_change_requested',
      ]);
      const audited = (await app.audited('email_changed')).filter(({ target }) => target === account.user.id);
      expect(audited.map(({ details }) => JSON.parse(details ?? '') as object)).to.deep.equal([
        { email: { from: account.email, to: 'new1@example.org' } },
      ]);
    });

    it('is verified by the code instead, with five tries, and may be the first address of an account', async () => {
      const account = await create({ email: undefined, email_verified: undefined });
      await ask('first@example.org', account.token).expect(202);
      const text = (await listMessagesTo(app, 'first@example.org'))[0]?.text ?? '';
      const code = /^ {4}(\d{3}) (\d{3})$/m.exec(text)?.slice(1).join('') ?? '';
      for (let tries = 0; tries < 4; tries += 1)
        await verify({ code: code === '000000' ? '000001' : '000000' }, account.token).expect(400);
      await verify({ code }, account.token).expect(204);
      expect(await readAddress(account)).to.deep.equal({ email: 'first@example.org', isVerified: true });
    });

    it('replaces an unverified address without a message to it, which may be a stranger’s', async () => {
      const account = await create({ email_verified: false });
      await change(account, 'verified@example.org');
      expect(await listMessagesTo(app, account.email)).to.deep.equal([]);
      expect(await readAddress(account)).to.deep.equal({ email: 'verified@example.org', isVerified: true });
    });

    it('needs a login of the last five minutes, with the second factor where there is one', async () => {
      const account = await create();
      app.clock.advance(301);
      const { body } = await ask('stolen@example.org', account.token).expect(401);
      expect(body).to.include({ code: 'insufficient_user_authentication' });
      const { secret } = await enrollTotp(app, await app.login(account.user.username, password));
      app.clock.advance(301);
      const logIn = await loginWithCode(app, account.user.username, password, computeCode(secret, app));
      const { access_token: token } = logIn.body as { access_token: string };
      await ask('factor@example.org', token).expect(202);
      const { queries } = app.services.database;
      // A session that began before there was a second factor, and is as fresh.
      const without = await create();
      await queries
        .updateTable('users')
        .set({ second_factors: 1 })
        .where('id', '=', without.user.id)
        .execute();
      await ask('factor@example.org', without.token)
        .expect(401)
        .expect(({ headers }) => {
          expect((headers as Record<string, string>)['www-authenticate']).to.include('acr_values="aal2"');
        });
      expect(await listMessagesTo(app, 'stolen@example.org')).to.deep.equal([]);
    });

    it('is refused if it is missing or the current one, and cannot be removed', async () => {
      const account = await create();
      expect((await ask('a@b', account.token).expect(422)).body.errors).to.have.property('email');
      expect((await ask(account.email.toUpperCase(), account.token).expect(409)).body).to.include({
        code: 'email_verified',
      });
      await app.delete('/me/email', account.token).expect(405);
    });

    for (const [what, changes] of [
      ['another password', { password: next }],
      ['another address', { email: 'elsewhere@example.com', email_verified: true }],
      ['other roles', { roles: ['admin'] }],
      ['been disabled', { disabled: true }],
    ] as const) {
      it(`stops working once the account has ${what}`, async () => {
        const account = await create();
        const email = `void${made}@example.org`;
        await ask(email, account.token).expect(202);
        const token = await findTokenIn(app, email, 'address_verification');
        await app.patch(`/users/${account.user.id}`, changes, admin).expect(200);
        await app.patch(`/users/${account.user.id}`, { disabled: false }, admin).expect(200);
        const knows = 'password' in changes ? next : password;
        const { access_token: later } = await app.login(account.user.username, knows);
        await verify({ token }, later).expect(400);
        await app.patch(`/users/${account.user.id}`, { email: '', roles: [] }, admin).expect(200);
      });
    }

    it('cannot be verified by another account, nor after an hour, nor twice at once', async () => {
      const account = await create();
      await ask('race@example.org', account.token).expect(202);
      const token = await findTokenIn(app, 'race@example.org', 'address_verification');
      await verify({ token }, (await create()).token).expect(400);
      const both = await Promise.all([verify({ token }, account.token), verify({ token }, account.token)]);
      expect(both.map(({ status }) => status).sort()).to.deep.equal([204, 400]);
      await ask('late@example.org', account.token).expect(202);
      app.clock.advance(3600);
      await verify(
        { token: await findTokenIn(app, 'late@example.org', 'address_verification') },
        account.token,
      ).expect(400);
    });

    it('goes to one of two accounts that verify it at once, and not to one that comes later', async () => {
      const [one, other] = [await create(), await create()];
      await ask('both@example.org', one.token).expect(202);
      app.clock.advance(1);
      await ask('both@example.org', other.token).expect(202);
      const [later, earlier] = [
        await findTokenIn(app, 'both@example.org', 'address_verification'),
        await findTokenIn(app, 'both@example.org', 'address_verification', { before: 1 }),
      ];
      const both = await Promise.all([
        verify({ token: earlier }, one.token),
        verify({ token: later }, other.token),
      ]);
      expect(both.map(({ status }) => status).sort()).to.deep.equal([204, 409]);
    });

    describe('that another account has without a proof', () => {
      const createUnproved = async (email: string): Promise<Account> => ({
        ...(await create({ email, email_verified: false })),
        email,
      });
      /** Sends the link for it. @returns the token in that. */
      const askFor = async (email: string, { token }: Account): Promise<string> => {
        await ask(email, token).expect(202);
        return findTokenIn(app, email, 'address_verification');
      };
      /** The link by which the other account would prove it. */
      const askToProve = async ({ email, token }: Account): Promise<string> => {
        app.clock.advance(1);
        await app.post('/email/verification', undefined, token).expect(204);
        return findTokenIn(app, email, 'address_verification');
      };
      const addressesOf = async (email: string) => {
        const users = await app.services.database.queries
          .selectFrom('users')
          .select(['email', 'email_key', 'email_verified_at'])
          .where('email_key', '=', email)
          .execute();
        return users.map((user) => user.email_verified_at !== null);
      };
      /** Of an account that has lost its address. */
      const none = { email: undefined, isVerified: undefined };

      it('goes to who proves to have it, as at a registration, and the audit of the other account says so', async () => {
        const other = await createUnproved('unproved@example.org');
        const account = await create();
        const token = await askFor('unproved@example.org', account);
        await verify({ token }, account.token).expect(204);
        expect(await readAddress(account)).to.deep.equal({ email: 'unproved@example.org', isVerified: true });
        expect(await readAddress(other)).to.deep.equal(none);
        const [audited] = (await app.audited('email_changed')).filter(
          ({ target }) => target === other.user.id,
        );
        expect(audited).to.include({ actor_id: account.user.id });
        expect(JSON.parse(audited?.details ?? '')).to.deep.equal({
          email: { from: 'unproved@example.org', to: null },
        });
        // It was not verified: who reads it is another one.
        expect(
          (await listMessagesTo(app, 'unproved@example.org')).map(({ template }) => template),
        ).to.deep.equal(['address_verification']);
      });

      it('stays where it was proved in between', async () => {
        const other = await createUnproved('proved@example.org');
        const account = await create();
        const token = await askFor('proved@example.org', account);
        await verify({ token: await askToProve(other) }, other.token).expect(204);
        const { body } = await verify({ token }, account.token).expect(409);
        expect(body).to.include({ code: 'email_taken' });
        expect(await readAddress(other)).to.deep.equal({ email: 'proved@example.org', isVerified: true });
        expect(await readAddress(account)).to.deep.equal({ email: account.email, isVerified: true });
      });

      it('is one account’s and proved, when both prove it at once', async () => {
        for (let round = 0; round < 5; round += 1) {
          const email = `contended${round}@example.org`;
          const other = await createUnproved(email);
          const account = await create();
          const token = await askFor(email, account);
          const others = await askToProve(other);
          const both = await Promise.all([
            verify({ token }, account.token),
            verify({ token: others }, other.token),
          ]);
          const statuses = both.map(({ status }) => status);
          expect(statuses.filter((status) => status === 204)).to.have.length(1);
          expect(statuses[0]).to.be.oneOf([204, 409]);
          expect(statuses[1]).to.be.oneOf([204, 400]);
          expect(await addressesOf(email)).to.deep.equal([true]);
        }
      });

      it('is one account’s and proved, when an administrator verifies it by hand at the same moment', async () => {
        for (let round = 0; round < 5; round += 1) {
          const email = `byhand${round}@example.org`;
          const other = await createUnproved(email);
          const account = await create();
          const token = await askFor(email, account);
          const [proof, change] = await Promise.all([
            verify({ token }, account.token),
            app.patch(`/users/${other.user.id}`, { email_verified: true }, admin),
          ]);
          const statuses = [proof.status, change.status];
          expect(statuses).to.be.deep.oneOf([
            [204, 422],
            [409, 200],
          ]);
          expect(await addressesOf(email)).to.deep.equal([true]);
          const [without] = await app.services.database.queries
            .selectFrom('users')
            .select('id')
            .where('email', 'is', null)
            .where('email_verified_at', 'is not', null)
            .execute();
          expect(without).to.equal(undefined);
        }
      });

      it('is one account’s, when it is registered at the same moment', async () => {
        for (let round = 0; round < 3; round += 1) {
          const email = `registered${round}@example.org`;
          await createUnproved(email);
          const account = await create();
          const token = await askFor(email, account);
          app.clock.advance(1);
          const chosen = { username: `registered${round}`, password };
          const { body } = await app.post('/register', { email, ...chosen }).expect(202);
          const { registration_token } = body as { registration_token: string };
          const registered = { token: await findTokenIn(app, email, 'registration'), registration_token };
          const both = await Promise.all([
            verify({ token }, account.token),
            app.post('/email/verify', registered),
          ]);
          expect(both.map(({ status }) => status).sort()).to.deep.equal([204, 409]);
          const refused = both.find(({ status }) => status === 409);
          expect(refused?.body).to.include({ code: 'email_taken' });
          expect(await addressesOf(email)).to.deep.equal([true]);
        }
      });

      it('changes hands crosswise at once', async () => {
        const [one, other] = [
          await createUnproved('cross1@example.org'),
          await createUnproved('cross2@example.org'),
        ];
        const tokens = [await askFor('cross2@example.org', one), await askFor('cross1@example.org', other)];
        const both = await Promise.all([
          verify({ token: tokens[0] }, one.token),
          verify({ token: tokens[1] }, other.token),
        ]);
        const statuses = both.map(({ status }) => status).sort();
        // The first one takes the address that the link of the other one was bound to.
        expect(statuses).to.deep.equal([204, 400]);
        const verified = [
          ...(await addressesOf('cross1@example.org')),
          ...(await addressesOf('cross2@example.org')),
        ];
        expect(verified).to.deep.equal([true]);
      });

      it('does not keep the owner of an earlier address from undoing a change', async () => {
        const account = await create();
        await change(account, `thief${made}@example.org`);
        const other = await createUnproved(account.email);
        const { body } = await undo(await findTokenIn(app, account.email, 'address_changed')).expect(200);
        expect(body).to.include({ email_restored: true });
        expect(await readAddress(account)).to.deep.equal({ email: account.email, isVerified: true });
        expect(await readAddress(other)).to.deep.equal(none);
        // Where the request came from is not the other one's data.
        const { access_token: token } = await app.login(other.user.username, password);
        const { events } = (await app.get('/me/export', token).expect(200)).body as OwnData;
        const [lost] = events.filter(({ event }) => event === 'email_changed');
        expect(lost).to.include({ by_you: false, actor_kind: 'service' });
        expect(lost).not.to.have.any.keys('address', 'user_agent');
      });
    });

    it('tells nobody whether another account has it: the same response, rows and own data, and a message to its owner', async () => {
      const taken = await create();
      const seen = [];
      const { queries } = app.services.database;
      const countRows = async (): Promise<number[]> => {
        const counts = [];
        for (const table of ['latchkey_outbox', 'latchkey_account_tokens', 'audit'] as const) {
          const { rows } = await queries
            .selectFrom(table)
            .select(({ fn }) => fn.countAll<number>().as('rows'))
            .executeTakeFirstOrThrow();
          counts.push(rows);
        }
        return counts;
      };
      for (const email of [taken.email, 'free@example.org']) {
        const { token } = await create();
        const before = await countRows();
        const response = await ask(email, token).expect(202);
        const written = (await countRows()).map((rows, index) => rows - (before[index] ?? 0));
        const { body } = await app.get('/me/export', token).expect(200);
        const { messages, events } = body as OwnData;
        const [last] = events.filter(({ event }) => event === 'email_change_requested');
        seen.push({
          ...{ body: response.body as object, written },
          messages: messages.map(({ template }) => template),
          details: Object.keys(last?.details ?? {}),
        });
      }
      expect(seen[1]).to.deep.equal(seen[0]);
      expect(seen[0]?.written).to.deep.equal([2, 1, 1]);
      expect((await listMessagesTo(app, taken.email)).map(({ template }) => template)).to.deep.equal([
        'address_taken',
      ]);
      expect(await readAddress(taken)).to.deep.equal({ email: taken.email, isVerified: true });
    });

    it('is limited to five an hour for one account, and to five messages to one address', async () => {
      const account = await create();
      for (let count = 0; count < 5; count += 1)
        await ask(`many${count}@example.org`, account.token).expect(202);
      await ask('many5@example.org', account.token)
        .expect(429)
        .expect(({ body }) => {
          expect(body).to.include({ code: 'too_many_requests' });
        });
      for (let count = 0; count < 6; count += 1)
        await ask('annoyed@example.org', (await create()).token).expect(202);
      expect(await listMessagesTo(app, 'annoyed@example.org')).to.have.length(5);
      // Nobody was sent the sixth code: guesses of it would be without end.
      const tries = await app.services.database.queries
        .selectFrom('latchkey_account_tokens')
        .select('tries_left')
        .where('new_email_key', '=', 'annoyed@example.org')
        .orderBy('created_at')
        .orderBy('tries_left', 'desc')
        .execute();
      expect(tries.map(({ tries_left: left }) => left)).to.deep.equal([5, 5, 5, 5, 5, 0]);
    });

    it('is limited also if the user verifies another address in between', async () => {
      const account = await create();
      let { token } = account;
      for (let sent = 0; sent < 4; sent += 1) await ask('bombed@example.org', token).expect(202);
      token = await change(account, 'mine@example.org');
      await ask('bombed@example.org', token).expect(202);
      await ask('bombed@example.org', token).expect(429);
      await ask('bombed@example.org', (await create()).token).expect(202);
      expect(await listMessagesTo(app, 'bombed@example.org')).to.have.length(5);
    });

    it('can be undone by the previous address from the request on until seven days after it took effect', async () => {
      const asked = await create();
      await ask('asked@example.org', asked.token).expect(202);
      const pending = await findTokenIn(app, 'asked@example.org', 'address_verification');
      const { body: first } = await undo(
        await findTokenIn(app, asked.email, 'address_change_requested'),
      ).expect(200);
      expect(first).to.include({ email_restored: true, expires_in: 1800 });
      await verify({ token: pending }, asked.token).expect(401);
      expect(await readAddress(asked)).to.deep.equal({ email: asked.email, isVerified: true });

      const account = await create();
      const thief = await change(account, 'thief@example.org');
      await advanceLong(7 * day - 1);
      const { body } = await undo(await findTokenIn(app, account.email, 'address_changed')).expect(200);
      expect(await readAddress(account)).to.deep.equal({ email: account.email, isVerified: true });
      await app.get('/me', thief).expect(401);
      await app.post('/login', { username: account.user.username, password }).expect(401);
      const { reset_token: token } = body as SecuredAccount;
      await app.post('/password/reset', { token, new_password: next }).expect(204);
      await app.login(account.email, next);
      // By the link of an earlier address, which is told to the later one without a link.
      const [told] = await listMessagesTo(app, 'thief@example.org');
      expect(told?.template).to.equal('address_removed');
      expect(told?.text).not.to.include('http');

      const late = await create();
      await change(late, 'later@example.org');
      const lateToken = await findTokenIn(app, late.email, 'address_changed');
      await advanceLong(7 * day);
      await undo(lateToken).expect(400);
    });

    it('can be undone by the first address, whatever a thief changes after it, also at another replica', async () => {
      const account = await create();
      await change(account, 'thief1@example.org');
      const { access_token: thief } = await app.login(account.user.username, password);
      const body = { current_password: password, new_password: next };
      await app.put('/me/password', body, thief).expect(200);
      const thief2 = await change(account, 'thief2@example.org', next);
      await app.get('/me', thief2).expect(200);
      // Links that the thief was sent, to an address of the thief's.
      const own = [
        await findTokenIn(app, 'thief1@example.org', 'address_changed'),
        await findTokenIn(app, 'thief1@example.org', 'address_change_requested'),
      ];
      const notMe = await findTokenIn(app, 'thief1@example.org', 'password_changed');
      const again = await app.openAgain();
      const secured = await again.accountSafety.secure(
        await findTokenIn(app, account.email, 'address_changed'),
        'email_undo',
        { requestId: null, address: null, userAgent: null },
      );
      await again.database.close();
      // This process is told of it by the database.
      await until(async () => (await app.get('/me', thief2)).status === 401);
      expect(await readAddress(account)).to.deep.equal({ email: account.email, isVerified: true });
      for (const token of own) await undo(token).expect(400);
      await app.post('/account/secure', { token: notMe }).expect(400);
      const reset = { token: secured.reset.token, new_password: 'the owner has it again' };
      await app.post('/password/reset', reset).expect(204);
      await app.login(account.email, 'the owner has it again');
    });

    it('can be undone by the first address also after the thief has used a link, and when both are used at once', async () => {
      const account = await create();
      await change(account, 'thief3@example.org');
      await change(account, 'thief4@example.org');
      const owner = await findTokenIn(app, account.email, 'address_changed');
      await undo(await findTokenIn(app, 'thief3@example.org', 'address_changed')).expect(200);
      expect(await readAddress(account)).to.deep.equal({ email: 'thief3@example.org', isVerified: true });
      await undo(owner).expect(200);
      expect(await readAddress(account)).to.deep.equal({ email: account.email, isVerified: true });

      const other = await create();
      await change(other, 'thief5@example.org');
      await change(other, 'thief6@example.org');
      const [first, second] = [
        await findTokenIn(app, other.email, 'address_changed'),
        await findTokenIn(app, 'thief5@example.org', 'address_changed'),
      ];
      const [owners] = await Promise.all([undo(first), undo(second)]);
      expect(owners.status).to.equal(200);
      expect(await readAddress(other)).to.deep.equal({ email: other.email, isVerified: true });
    });

    it('can be undone also by an earlier link "This was not me"', async () => {
      const account = await create();
      const { access_token: thief } = await app.login(account.user.username, password);
      const body = { current_password: password, new_password: next };
      await app.put('/me/password', body, thief).expect(200);
      await change(account, 'thief7@example.org', next);
      const token = await findTokenIn(app, account.email, 'password_changed');
      await app.post('/account/secure', { token }).expect(200);
      expect(await readAddress(account)).to.deep.equal({ email: account.email, isVerified: true });
    });

    it('leaves none where another account has the first one by now, and lets its owner in', async () => {
      const account = await create();
      await change(account, 'thief8@example.org');
      await create({ email: account.email });
      const { body } = await undo(await findTokenIn(app, account.email, 'address_changed')).expect(200);
      const { reset_token: token, email_restored: isRestored } = body as SecuredAccount;
      expect(isRestored).to.equal(false);
      expect(await readAddress(account)).to.deep.equal({ email: undefined, isVerified: undefined });
      await app.post('/password/reset', { token, new_password: next }).expect(204);
      await app.login(account.user.username, next);
    });

    it('cannot be undone once an administrator has given the account another one, of which the old one is notified', async () => {
      const account = await create();
      await change(account, 'moved@example.org');
      const token = await findTokenIn(app, account.email, 'address_changed');
      const email = 'given@example.org';
      await app.patch(`/users/${account.user.id}`, { email, email_verified: true }, admin).expect(200);
      await undo(token).expect(400);
      expect((await listMessagesTo(app, 'moved@example.org'))[0]?.template).to.equal('address_removed');
    });

    it('is told of once, when an administrator replaces it, and not again when the new one is verified by hand', async () => {
      const account = await create();
      await app.patch(`/users/${account.user.id}`, { email: 'typed@example.org' }, admin).expect(200);
      const told = async () => (await listMessagesTo(app, account.email)).map(({ template }) => template);
      expect(await told()).to.deep.equal(['address_removed']);
      app.clock.advance(1);
      await app.patch(`/users/${account.user.id}`, { email_verified: true }, admin).expect(200);
      expect(await readAddress(account)).to.deep.equal({ email: 'typed@example.org', isVerified: true });
      expect(await told()).to.deep.equal(['address_removed']);
      expect(await listMessagesTo(app, 'typed@example.org')).to.deep.equal([]);
    });
  });
}
