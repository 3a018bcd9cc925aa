import { expect } from 'chai';
import type { OwnData } from '../../src/accounts/own-data.models.js';
import type { Database } from '../../src/database/database.js';
import type { User } from '../../src/users/users.models.js';
import { databaseKinds } from '../support/databases.js';
import { listMessagesTo, findTokenIn } from '../support/messages.js';
import { computeCode, enrollTotp } from '../support/second-factors.js';
import { TestApp } from '../support/test-app.js';

const password = 'correct horse battery';
const day = 86_400;
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';
const safari =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1';

for (const kind of databaseKinds) {
  describe(`A login from a new network or with a new program on ${kind}`, () => {
    let app: TestApp;
    let admin: string;
    let made = 0;
    const statements: string[] = [];
    let commits = 0;
    before(async () => {
      app = await TestApp.start({
        database: kind,
        settings: { LATCHKEY_TRUSTED_PROXIES: 'loopback', LATCHKEY_RECOVERY_LIMIT: '0' },
      });
      admin = (await app.login()).access_token;
      app.services.database.observe({
        onStatement: ({ sql }) => statements.push(sql),
        onCommit: () => {
          commits += 1;
        },
      });
    });
    beforeEach(() => {
      app.clock.advance(1);
    });
    after(() => app.close());

    const create = async (details: object = {}): Promise<User & { email: string }> => {
      const username = `user${(made += 1)}`;
      const body = { username, password, email: `${username}@example.com`, email_verified: true, ...details };
      return (await app.post('/users', body, admin).expect(201)).body as User & { email: string };
    };
    const logIn = ({ username }: User, from = '192.0.2.1', agent = firefox, given = password) =>
      app.post('/login', { username, password: given }).set('X-Forwarded-For', from).set('User-Agent', agent);
    const countMessages = async ({ email }: { email: string }): Promise<number> =>
      (await listMessagesTo(app, email)).filter(({ template }) => template === 'new_login').length;
    const placesOf = ({ id }: User, { queries }: Database = app.services.database) =>
      queries
        .selectFrom('latchkey_login_places')
        .select(['network', 'agent'])
        .where('user_id', '=', id)
        .orderBy('created_at')
        .execute();

    it('is reported to its user, with a link that secures the account; the first login and known places are not', async () => {
      const user = await create();
      await logIn(user).expect(200);
      await logIn(user, '192.0.2.200').expect(200);
      expect(await countMessages(user)).to.equal(0);
      app.clock.advance(1);
      await logIn(user, '198.51.100.7').expect(200);
      expect(await countMessages(user)).to.equal(1);
      await logIn(user, '198.51.100.8').expect(200);
      await logIn(user).expect(200);
      expect(await countMessages(user)).to.equal(1);
      app.clock.advance(1);
      await logIn(user, '192.0.2.1', safari).expect(200);
      expect(await countMessages(user)).to.equal(2);
      const [message] = await listMessagesTo(app, user.email);
      expect(message?.text).to.include('Safari on iPhone').and.to.include('from the address 192.0.2.1');
      expect(message?.text).to.match(/not-me\?token=lk_nm_/);
      // Network and program are both known, if not together.
      await logIn(user, '198.51.100.9', safari).expect(200);
      expect(await countMessages(user)).to.equal(2);
      expect(await placesOf(user)).to.have.length(4);
    });

    it('is not reported where it is refused or waits for the second factor, and is once that is right', async () => {
      const user = await create();
      const { body } = await logIn(user).expect(200);
      const { secret } = await enrollTotp(app, body as never);
      await logIn(user, '198.51.100.1', firefox, 'wrong').expect(401);
      const waiting = await logIn(user, '198.51.100.1').expect(401);
      const { login_token: token } = waiting.body as { login_token: string };
      expect(await countMessages(user)).to.equal(0);
      expect(await placesOf(user)).to.have.length(1);
      await app
        .post('/login/second-factor', { login_token: token, code: computeCode(secret, app) })
        .set('X-Forwarded-For', '198.51.100.1')
        .set('User-Agent', firefox)
        .expect(200);
      expect(await countMessages(user)).to.equal(1);
    });

    it('needs no additional statement where the place is known, and one commit in any case', async () => {
      const user = await create();
      await logIn(user).expect(200);
      await logIn(user).expect(200);
      const count = async (from: string): Promise<string[]> => {
        statements.length = 0;
        commits = 0;
        await logIn(user, from).expect(200);
        return [...statements];
      };
      const known = await count('192.0.2.1');
      expect(known.filter((sql) => /login_places|safety_links|outbox/.test(sql))).to.have.length(1);
      expect(known[0]).to.match(/^select .* as place_used_at/s);
      const commitsOfKnown = commits;
      const fresh = await count('198.51.100.1');
      expect(commits).to.equal(commitsOfKnown);
      const added = fresh.filter((sql) => /login_places|safety_links|outbox/.test(sql)).slice(1);
      // The history and the recipient are read; all else is in the transaction of the session.
      expect(added.filter((sql) => sql.startsWith('select'))).to.have.length(1);
      app.clock.advance(8 * day);
      admin = (await app.login()).access_token;
      await count('192.0.2.1');
      expect((await count('192.0.2.1')).length).to.equal(known.length);
    });

    it('is reported once where two come at the same time, and for five new places a day at most', async () => {
      const user = await create();
      await logIn(user).expect(200);
      app.clock.advance(60 - ((app.clock.now() / 1000) % 60));
      await Promise.all([logIn(user, '198.51.100.1').expect(200), logIn(user, '198.51.100.1').expect(200)]);
      expect(await countMessages(user)).to.equal(1);
      for (let network = 1; network <= 8; network += 1) {
        app.clock.advance(60);
        await logIn(user, `203.0.${network}.1`).expect(200);
      }
      // The place of the first login was new, too.
      expect(await countMessages(user)).to.equal(4);
      app.clock.advance(day);
      admin = (await app.login()).access_token;
      await logIn(user, '203.0.113.1').expect(200);
      expect(await countMessages(user)).to.equal(5);
    });

    it('is remembered for a year, fifty per user, and reported again after that', async () => {
      const user = await create();
      for (let network = 0; network < 55; network += 1) {
        app.clock.advance(1);
        await logIn(user, `203.0.${network}.1`).expect(200);
      }
      const places = await placesOf(user);
      expect(places).to.have.length(50);
      expect(places[0]?.network).to.equal('203.0.5.0/24');
      app.clock.advance(365 * day);
      await app.services.cleanUp();
      expect(await placesOf(user)).to.deep.equal([]);
      // Nobody has used the account for that long.
      const before = await countMessages(user);
      await logIn(user, '203.0.54.1').expect(200);
      expect((await countMessages(user)) - before).to.equal(1);
      admin = (await app.login()).access_token;
    });

    it('is forgotten again by the link in its message, in the user’s own data until then, and gone with the account', async () => {
      const user = await create();
      await logIn(user).expect(200);
      app.clock.advance(1);
      const { body } = await logIn(user, '198.51.100.1').expect(200);
      const { access_token: token } = body as { access_token: string };
      const exported = (await app.get('/me/export', token).expect(200)).body as OwnData;
      expect(exported.login_places.map(({ network, agent }) => `${network} ${agent}`)).to.deep.equal([
        '192.0.2.0/24 Firefox on Linux',
        '198.51.100.0/24 Firefox on Linux',
      ]);
      await app
        .post('/account/secure', { token: await findTokenIn(app, user.email, 'new_login') })
        .expect(200);
      expect(await placesOf(user)).to.have.length(1);
      await app.delete(`/users/${user.id}`, admin).expect(204);
      expect(await placesOf(user)).to.deep.equal([]);
    });

    it('is not reported to an unverified address, nor remembered where the setting says so', async () => {
      const unverified = await create({ email_verified: false });
      await logIn(unverified).expect(200);
      await logIn(unverified, '198.51.100.1').expect(200);
      expect(await countMessages(unverified)).to.equal(0);
      app = await app.restart({ LATCHKEY_NEW_LOGIN_MESSAGES: 'false' });
      admin = (await app.login()).access_token;
      const user = await create();
      await logIn(user).expect(200);
      await logIn(user, '198.51.100.1').expect(200);
      expect(await countMessages(user)).to.equal(0);
      expect(await placesOf(user)).to.deep.equal([]);
    });
  });
}
