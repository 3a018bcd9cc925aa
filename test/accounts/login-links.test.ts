import { expect } from 'chai';
import type { RequestedLoginLink } from '../../src/accounts/login-links.models.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import type { User } from '../../src/users/users.models.js';
import type { Problem } from '../../src/problems/problem.js';
import { formatCookies, readCookies } from '../support/cookies.js';
import { databaseKinds } from '../support/databases.js';
import { beginLogin, computeCode, enrollTotp } from '../support/second-factors.js';
import { listMessagesTo, findNewestMessage } from '../support/messages.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';
import { recordWork } from '../support/work.js';

const password = 'correct horse battery';

type Person = User & { readonly email: string };

/** A link that was sent, and what the browser has that has asked for it. */
interface Link {
  readonly token: string;
  readonly request_token: string;
}

for (const database of databaseKinds) {
  describe(`A login link on ${database}`, () => {
    let app: TestApp;
    let admin: string;
    let made = 0;
    before(async () => {
      app = await TestApp.start({
        database,
        settings: {
          LATCHKEY_APP_URL: 'https://app.example',
          LATCHKEY_LOGIN_LINKS: 'true',
          LATCHKEY_RECOVERY_LIMIT: '0',
          LATCHKEY_LOGIN_FREE_ATTEMPTS: '1000',
          LATCHKEY_REMEMBERED_DEVICES: '30d',
          JWT_TOKEN_LOCATION: 'headers,cookies',
          JWT_ACCESS_TOKEN_EXPIRES: '1d',
        },
      });
      admin = (await app.login()).access_token;
      await app.put('/roles/reader', { permissions: ['own:read'] }, admin).expect(201);
    });
    beforeEach(() => {
      app.clock.advance(1);
    });
    after(() => app.close());

    async function create(details: object = {}): Promise<Person> {
      const username = `user${(made += 1)}`;
      const body = {
        ...{ username, password, email: `${username}@example.com`, email_verified: true, roles: ['reader'] },
        ...details,
      };
      return (await app.post('/users', body, admin).expect(201)).body as Person;
    }
    const ask = (email: string) => app.post('/login/link', { email });
    const accept = ({ token, request_token }: Link) =>
      app.post('/login/link/accept', { token, request_token });
    const linksTo = async (address: string): Promise<readonly string[]> =>
      (await listMessagesTo(app, address, 'login_link')).map(({ text }) => text);
    async function askFor({ email }: { readonly email: string }): Promise<Link> {
      // Messages are listed by time.
      app.clock.advance(1);
      const { request_token } = (await ask(email).expect(202)).body as RequestedLoginLink;
      const [message = ''] = await linksTo(email);
      const token = /^https:\/\/app\.example\/login\?token=(\S+)$/m.exec(message)?.[1] ?? expect.fail();
      return { token, request_token };
    }
    const expectRefused = async (link: Link): Promise<void> => {
      const { body } = await accept(link).expect(400);
      expect(body).to.include({ code: 'invalid_link' });
    };

    it('logs its user in, in a session that says so', async () => {
      const person = await create();
      const link = await askFor(person);
      expect(link.token).to.match(/^lk_ll_[A-Za-z0-9_-]{43}$/);
      const tokens = (await accept(link).expect(200)).body as TokenSet;
      const refreshed = await app.refresh(tokens.refresh_token);
      for (const { access_token: token } of [tokens, refreshed]) {
        const { claims } = readJwt(token);
        expect(claims).to.deep.include({ sub: person.id, amr: ['mca'], acr: 'aal1', scope: 'own:read' });
        expect(claims).not.to.have.property('mfa_time');
      }
      const { body: sessions } = await app.get('/sessions', tokens.access_token).expect(200);
      expect((sessions as { items: { amr: string[] }[] }).items.map(({ amr }) => amr)).to.deep.equal([
        ['mca'],
      ]);
      const [login] = (await app.audited('login')).filter(({ target }) => target === person.id);
      expect(login).to.include({ actor_kind: 'user', actor_id: person.id, address: '127.0.0.1' });
      expect(JSON.parse(login?.details ?? '')).to.deep.equal({ methods: ['mca'] });
      const [asked] = (await app.audited('login_link_requested')).filter(
        ({ target }) => target === person.id,
      );
      expect(JSON.parse(asked?.details ?? '')).to.deep.equal({ sent: true });
    });

    it('sets cookies with their CSRF values, where that is asked for', async () => {
      const link = await askFor(await create());
      const response = await app.post('/login/link/accept/cookies', link).expect(200);
      expect(response.body).not.to.have.any.keys('access_token', 'refresh_token');
      const { access_csrf_token: csrf } = response.body as { access_csrf_token: string };
      const cookies = formatCookies(readCookies(response));
      await app.get('/protected').set('Cookie', cookies).expect(200);
      await app.delete('/sessions').set('Cookie', cookies).expect(401);
      await app.delete('/sessions').set('Cookie', cookies).set('X-CSRF-TOKEN', csrf).expect(204);
    });

    it('works once, for one of two concurrent requests', async () => {
      const link = await askFor(await create());
      const responses = await Promise.all([accept(link), accept(link), accept(link)]);
      expect(responses.map(({ status }) => status).sort()).to.deep.equal([200, 400, 400]);
      await expectRefused(link);
    });

    it('works only in the browser that requested it, and stays usable there', async () => {
      const [one, other] = [await create(), await create()];
      const [link, second, foreign] = [await askFor(one), await askFor(one), await askFor(other)];
      for (const { request_token } of [second, foreign, { request_token: 'made_up' }])
        await expectRefused({ ...link, request_token });
      await expectRefused({ ...link, token: foreign.token });
      await accept(link).expect(200);
      await accept(second).expect(200);
    });

    it('does nothing when it is opened, as scanners of mail do: the page has to send it', async () => {
      const link = await askFor(await create());
      for (const method of ['get', 'head'] as const)
        await app.request(method, `/login/link/accept?token=${link.token}`).expect(405);
      await accept(link).expect(200);
    });

    it('works for a quarter of an hour, and is not kept', async () => {
      const [link, later] = [await askFor(await create()), await askFor(await create())];
      app.clock.advance(15 * 60 - 1);
      await accept(later).expect(200);
      app.clock.advance(1);
      await expectRefused(link);
      app.clock.advance(3600);
      await app.services.cleanUp();
      const { queries } = app.services.database;
      expect(await queries.selectFrom('latchkey_account_tokens').selectAll().execute()).to.deep.equal([]);
      admin = (await app.login()).access_token;
    });

    for (const [what, change] of [
      ['another password', { password: 'one that an administrator set' }],
      ['other roles', { roles: [] }],
      ['another address', { email: 'elsewhere@example.com', email_verified: true }],
      ['no verified address any more', { email: '' }],
      ['been disabled', { disabled: true }],
    ] as const) {
      it(`stops working once the account has ${what}`, async () => {
        const person = await create();
        const link = await askFor(person);
        await app.patch(`/users/${person.id}`, change, admin).expect(200);
        await expectRefused(link);
        await app.patch(`/users/${person.id}`, { email: '' }, admin).expect(200);
      });
    }

    it('stops working once the account is deleted; one of another purpose or made up never works', async () => {
      const person = await create();
      const link = await askFor(person);
      await app.delete(`/users/${person.id}`, admin).expect(204);
      await expectRefused(link);
      const other = await create();
      await app.post('/password/forgot', { email: other.email }).expect(204);
      const { text } = await findNewestMessage(app);
      await expectRefused({ ...link, token: /token=(\S+)/.exec(text)?.[1] ?? expect.fail() });
      const reset = { token: (await askFor(other)).token, new_password: 'another long password' };
      await app.post('/password/reset', reset).expect(400);
    });

    it('works beside a login that has the password hashed again', async () => {
      const person = await create();
      const link = await askFor(person);
      const { queries } = app.services.database;
      await queries
        .updateTable('users')
        .set({ password_hash: await app.services.passwords.hash(password) })
        .where('id', '=', person.id)
        .execute();
      await accept(link).expect(200);
    });

    it('is followed by the second factor of the account, and is no authenticator beside it', async () => {
      const person = await create();
      const { secret } = await enrollTotp(app, await app.login(person.username, password));
      const link = await askFor(person);
      const { body } = await accept(link).expect(401);
      expect(body).to.deep.include({
        code: 'second_factor_required',
        methods: ['totp', 'recovery_code'],
      });
      const { login_token: loginToken } = body as { login_token: string };
      await expectRefused(link);
      const second = { login_token: loginToken, code: computeCode(secret, app) };
      const { body: tokens } = await app.post('/login/second-factor', second).expect(200);
      const { claims } = readJwt((tokens as TokenSet).access_token);
      expect(claims).to.deep.include({ amr: ['mca', 'otp', 'mfa'], acr: 'aal1' });
    });

    it('is followed by no second factor on a remembered device', async () => {
      const person = await create();
      const { secret } = await enrollTotp(app, await app.login(person.username, password));
      const second = {
        login_token: await beginLogin(app, person.username, password),
        code: computeCode(secret, app),
        remember_device: true,
      };
      const cookie = formatCookies(readCookies(await app.post('/login/second-factor', second).expect(200)));
      const { body } = await accept(await askFor(person))
        .set('Cookie', cookie)
        .expect(200);
      expect(readJwt((body as TokenSet).access_token).claims).to.deep.include({ amr: ['mca'] });
    });

    it('gives a session that can only set up a second factor where one is required', async () => {
      const person = await create();
      const strict = await app.openAgain({ LATCHKEY_SECOND_FACTOR: 'required' });
      const link = await askFor(person);
      const tokens = await strict.loginLinks.accept(
        { token: link.token, requestToken: link.request_token },
        { address: '127.0.0.1', userAgent: null, requestId: null },
        undefined,
      );
      expect(readJwt(tokens.access_token).claims).to.include({ mfa_enroll: true, scope: '' });
      await strict.database.close();
    });

    it('works at another replica and after a restart, and not any more once links are off', async () => {
      const person = await create();
      const [there, here, off] = [await askFor(person), await askFor(person), await askFor(person)];
      const replica = await app.openAgain();
      const context = { address: '127.0.0.1', userAgent: null, requestId: null };
      const sent = { token: there.token, requestToken: there.request_token };
      await replica.loginLinks.accept(sent, context, undefined);
      await replica.database.close();
      await expectRefused(there);
      app = await app.restart();
      await accept(here).expect(200);
      const without = await app.openAgain({ LATCHKEY_LOGIN_LINKS: 'false' });
      const refused = await without.loginLinks
        .accept({ token: off.token, requestToken: off.request_token }, context, undefined)
        .catch((error: unknown) => error);
      expect((refused as Problem).code).to.equal('login_links_off');
      await without.database.close();
    });

    it('stores neither token unencrypted', async () => {
      const { token, request_token: requestToken } = await askFor(await create());
      const { queries } = app.services.database;
      const stored = JSON.stringify([
        await queries.selectFrom('latchkey_account_tokens').selectAll().execute(),
        await queries.selectFrom('latchkey_outbox').selectAll().execute(),
        await queries.selectFrom('audit').selectAll().execute(),
      ]);
      expect(stored).not.to.include(token.slice(6)).and.not.to.include(requestToken);
    });

    it('tells nobody who has an account: response, rows and statements are the same', async () => {
      const person = await create();
      const unverified = await create({ email_verified: false });
      const disabled = await create();
      await app.patch(`/users/${disabled.id}`, { disabled: true }, admin).expect(200);
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
      const seen = [];
      for (const email of [
        person.email,
        'nobody@example.com',
        unverified.email,
        disabled.email,
        'no@address',
      ]) {
        const before = await countRows();
        let response;
        const work = await recordWork(async () => {
          response = await ask(email).expect(202);
        });
        const { body, headers } = response as unknown as { body: RequestedLoginLink; headers: object };
        seen.push({
          body: Object.entries(body).map(([key, value]) => [key, String(value).length]),
          headers: Object.entries(headers).filter(
            ([name]) => !['date', 'x-request-id', 'etag'].includes(name),
          ),
          written: (await countRows()).map((rows, index) => rows - (before[index] ?? 0)),
          work,
        });
      }
      for (const each of seen) expect(each).to.deep.equal(seen[0]);
      expect(seen[0]?.written).to.deep.equal([1, 1, 1]);
      for (const { email } of [unverified, disabled]) expect(await linksTo(email)).to.deep.equal([]);
    });

    it('is sent five times an hour at most to one address', async () => {
      const person = await create();
      for (let count = 0; count < 7; count += 1) await ask(person.email).expect(202);
      expect(await linksTo(person.email)).to.have.length(5);
      app.clock.advance(3600);
      await ask(person.email).expect(202);
      expect(await linksTo(person.email)).to.have.length(6);
      admin = (await app.login()).access_token;
    });

    it('is sent to a network from which the user has logged in, though strangers have asked often', async () => {
      const person = await create();
      for (let count = 0; count < 6; count += 1) await ask(person.email).expect(202);
      expect(await linksTo(person.email)).to.have.length(5);
      await app.login(person.username, password);
      for (let count = 0; count < 6; count += 1) await ask(person.email).expect(202);
      expect(await linksTo(person.email)).to.have.length(10);
    });

    it('is written in the language of the request', async () => {
      const person = await create();
      await ask(person.email).set('Accept-Language', 'de').expect(202);
      expect((await linksTo(person.email))[0]).to.match(/^Jemand, hoffentlich Sie, möchte sich/);
    });

    it('is limited per network, and wrong ones are slowed down there, apart from passwords and right ones', async () => {
      const person = await create();
      const link = await askFor(person);
      app = await app.restart({
        LATCHKEY_RECOVERY_LIMIT: '1',
        LATCHKEY_LOGIN_FREE_ATTEMPTS: '2',
      });
      await ask('a@example.com').expect(202);
      expect((await ask('a@example.com').expect(429)).body).to.include({ code: 'too_many_requests' });
      const wrong = { ...link, request_token: 'made_up' };
      app.clock.advance(86_400 * 2);
      for (let count = 0; count < 3; count += 1) await accept(wrong).expect(400);
      expect((await accept(wrong).expect(429)).body).to.include({ code: 'too_many_attempts' });
      await app.post('/login/link/accept/cookies', wrong).expect(429);
      await app.login(person.username, password);
    });
  });
}

describe('Without login links', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start();
  });
  after(() => app.close());

  it('nobody is sent one, and none is accepted', async () => {
    const { body } = await app.post('/login/link', { email: 'ada@example.com' }).expect(404);
    expect(body).to.include({ code: 'login_links_off' });
    const link = { token: 'lk_ll_x', request_token: 'x' };
    expect((await app.post('/login/link/accept', link).expect(404)).body).to.include({
      code: 'login_links_off',
    });
    expect((await app.post('/login/link/accept/cookies', link).expect(404)).body).to.include({
      code: 'cookies_off',
    });
  });
});
