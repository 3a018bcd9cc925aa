import { expect } from 'chai';
import type { User } from '../../src/users/users.models.js';
import { databaseKinds } from '../support/databases.js';
import { listMessagesTo, findNewestMessage } from '../support/messages.js';
import { TestApp } from '../support/test-app.js';

const password = 'correct horse battery';
const next = 'another long password';

for (const kind of databaseKinds) {
  describe(`A forgotten password on ${kind}`, () => {
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
      admin = (await app.login()).access_token;
    });
    beforeEach(() => {
      app.clock.advance(1);
    });
    after(() => app.close());

    const create = async (details: object = {}): Promise<User & { email: string }> => {
      const username = `user${(made += 1)}`;
      const email = `${username}@example.com`;
      const body = { username, password, email, email_verified: true, ...details };
      return (await app.post('/users', body, admin).expect(201)).body as User & { email: string };
    };
    const ask = (email: string) => app.post('/password/forgot', { email });
    const reset = (token: string, newPassword = next) =>
      app.post('/password/reset', { token, new_password: newPassword });
    const linksTo = async (address: string): Promise<readonly string[]> =>
      (await listMessagesTo(app, address, 'password_reset')).map(({ text }) => text);
    const tokenOf = (message: string | undefined): string =>
      /^https:\/\/app\.example\/reset-password\?token=(\S+)$/m.exec(message ?? '')?.[1] ?? expect.fail();
    const askFor = async ({ email }: { email: string }): Promise<string> => {
      await ask(email).expect(204);
      return tokenOf((await linksTo(email))[0]);
    };

    it('is replaced by the link of a message, which ends all sessions at once', async () => {
      const user = await create();
      const before = await app.login(user.username, password);
      const token = await askFor(user);
      expect(token).to.match(/^lk_pr_[A-Za-z0-9_-]{43}$/);
      await reset(token).expect(204);
      await app.get('/protected', before.access_token).expect(401);
      await app.post('/refresh', { refresh_token: before.refresh_token }).expect(401);
      await app.post('/login', { username: user.username, password }).expect(401);
      await app.login(user.email, next);
      const [audited] = (await app.audited('password_recovered')).filter(({ target }) => target === user.id);
      expect(audited).to.include({ actor_kind: 'user', actor_id: user.id, address: '127.0.0.1' });
      const { queries } = app.services.database;
      const told = await queries
        .selectFrom('latchkey_outbox')
        .select('template')
        .where('user_id', '=', user.id)
        .where('template', '=', 'password_changed')
        .execute();
      expect(told).to.have.length(1);
    });

    it('accepts a link once, in one of two concurrent requests', async () => {
      const user = await create();
      const token = await askFor(user);
      const responses = await Promise.all([reset(token, `${next} 1`), reset(token, `${next} 2`)]);
      expect(responses.map(({ status }) => status).sort()).to.deep.equal([204, 400]);
      expect((await reset(token).expect(400)).body).to.include({ code: 'invalid_link' });
    });

    it('leaves the link valid where the new password is refused', async () => {
      const token = await askFor(await create());
      const { body } = await reset(token, 'short').expect(422);
      expect(Object.keys(body.errors as object)).to.deep.equal(['new_password']);
      await reset(token).expect(204);
    });

    it('accepts no link that is older than half an hour, and keeps none', async () => {
      const token = await askFor(await create());
      app.clock.advance(30 * 60 - 1);
      const later = await askFor(await create());
      app.clock.advance(1);
      await reset(token).expect(400);
      await reset(later).expect(204);
      app.clock.advance(3600);
      await app.services.cleanUp();
      const left = await app.services.database.queries
        .selectFrom('latchkey_account_tokens')
        .selectAll()
        .execute();
      expect(left).to.deep.equal([]);
    });

    for (const [what, change] of [
      ['another password', { password: 'one that an administrator set' }],
      ['other roles', { roles: ['admin'] }],
      ['another address', { email: 'elsewhere@example.com', email_verified: true }],
      ['no verified address any more', { email: '' }],
      ['been disabled', { disabled: true }],
    ] as const) {
      it(`accepts no link once the account has ${what}`, async () => {
        const user = await create();
        const token = await askFor(user);
        await app.patch(`/users/${user.id}`, change, admin).expect(200);
        await reset(token).expect(400);
        await app.patch(`/users/${user.id}`, { email: '', roles: [] }, admin).expect(200);
      });
    }

    it('accepts no link of a deleted account, of another purpose, or that is made up', async () => {
      const user = await create();
      const token = await askFor(user);
      await app.delete(`/users/${user.id}`, admin).expect(204);
      await reset(token).expect(400);
      await reset(`lk_pr_${'x'.repeat(43)}`).expect(400);
      const other = await create({ email_verified: false });
      await app.services.verification.send(other.id, undefined);
      const { text } = await findNewestMessage(app);
      await reset(/token=(\S+)/.exec(text)?.[1] ?? '').expect(400);
    });

    it('stores tokens as hashes alone', async () => {
      const token = await askFor(await create());
      const { queries } = app.services.database;
      const stored = JSON.stringify([
        await queries.selectFrom('latchkey_account_tokens').selectAll().execute(),
        await queries.selectFrom('latchkey_outbox').selectAll().execute(),
        await queries.selectFrom('audit').selectAll().execute(),
      ]);
      expect(stored).not.to.include(token).and.not.to.include(token.slice(6));
    });

    it('responds the same whether or not there is an account, and writes the same', async () => {
      const user = await create();
      const unverified = await create({ email_verified: false });
      const disabled = await create();
      await app.patch(`/users/${disabled.id}`, { disabled: true }, admin).expect(200);
      const seen = [];
      const { queries } = app.services.database;
      const countRows = async (): Promise<number[]> => {
        const tables = ['latchkey_outbox', 'latchkey_account_tokens', 'audit'] as const;
        const counts = [];
        for (const table of tables) {
          const { rows } = await queries
            .selectFrom(table)
            .select(({ fn }) => fn.countAll<number>().as('rows'))
            .executeTakeFirstOrThrow();
          counts.push(rows);
        }
        return counts;
      };
      for (const email of [
        user.email,
        'nobody@example.com',
        unverified.email,
        disabled.email,
        'no@address',
      ]) {
        const before = await countRows();
        const response = await ask(email).expect(204);
        const written = (await countRows()).map((rows, index) => rows - (before[index] ?? 0));
        const headers = Object.entries(response.headers as Record<string, string>).filter(
          ([name]) => name !== 'date' && name !== 'x-request-id',
        );
        seen.push({ text: response.text, headers, written });
      }
      for (const each of seen) expect(each).to.deep.equal(seen[0]);
      expect(seen[0]?.written).to.deep.equal([1, 1, 1]);
      for (const email of [unverified.email, disabled.email]) expect(await linksTo(email)).to.deep.equal([]);
    });

    it('sends five messages an hour at most to one address', async () => {
      const user = await create();
      for (let count = 0; count < 7; count += 1) await ask(user.email).expect(204);
      expect(await linksTo(user.email)).to.have.length(5);
      const sent = (await app.audited('password_reset_requested'))
        .filter(({ target }) => target === user.id)
        .map(({ details }) => (JSON.parse(details ?? '') as { sent: boolean }).sent);
      expect(sent.filter(Boolean)).to.have.length(5);
      app.clock.advance(3600);
      await ask(user.email).expect(204);
      expect(await linksTo(user.email)).to.have.length(6);
    });

    it('writes in the language of the request', async () => {
      const user = await create();
      await ask(user.email).set('Accept-Language', 'fr, de-AT;q=0.8, en;q=0.1').expect(204);
      expect((await linksTo(user.email))[0]).to.match(/Passwort/);
    });

    it('is limited per network', async () => {
      const limited = await app.restart({ LATCHKEY_RECOVERY_LIMIT: '2' });
      app = limited;
      await ask('a@example.com').expect(204);
      await reset('lk_pr_x').expect(400);
      const { body } = await ask('a@example.com').expect(429);
      expect(body).to.include({ code: 'too_many_requests' });
      await reset('lk_pr_x').expect(429);
    });
  });
}
