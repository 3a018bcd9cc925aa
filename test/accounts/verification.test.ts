import { expect } from 'chai';
import type { User } from '../../src/users/users.models.js';
import { databaseKinds } from '../support/databases.js';
import { createClient } from '../support/oauth-clients.js';
import { findNewestMessage } from '../support/messages.js';
import { readProof } from '../support/registrations.js';
import { runCommand } from '../support/run-command.js';
import { TestApp } from '../support/test-app.js';

const password = 'correct horse battery';

for (const kind of databaseKinds) {
  describe(`The verification of an address on ${kind}`, () => {
    let app: TestApp;
    let admin: string;
    let made = 0;
    before(async () => {
      app = await TestApp.start({ database: kind, settings: { JWT_ACCESS_TOKEN_EXPIRES: '1d' } });
      admin = (await app.login()).access_token;
    });
    after(() => app.close());

    const create = async (details: object = {}): Promise<{ user: User; token: string; email: string }> => {
      app.clock.advance(1);
      const username = `user${(made += 1)}`;
      const email = `${username}@example.com`;
      const { body } = await app.post('/users', { username, password, email, ...details }, admin).expect(201);
      return { user: body as User, email, token: (await app.login(username, password)).access_token };
    };
    const ask = (token: string) => app.post('/email/verification', {}, token);
    const verify = (proof: object, token: string) => app.post('/email/verify', proof, token);
    /** What the newest message says. */
    const askFor = async (token: string): Promise<{ token: string; code: string; address: string }> => {
      app.clock.advance(1);
      await ask(token).expect(204);
      const { text, address } = await findNewestMessage(app);
      return { ...readProof(text), address: address ?? '' };
    };
    const isVerified = async (token: string): Promise<unknown> =>
      (await app.get('/me', token).expect(200)).body.email_verified;

    it('accepts the token of the link, once, and is in the audit', async () => {
      const { user, token, email } = await create();
      const sent = await askFor(token);
      expect(sent.address).to.equal(email);
      await verify({ token: sent.token }, token).expect(204);
      expect(await isVerified(token)).to.equal(true);
      await app.login(email, password);
      await verify({ token: sent.token }, token).expect(400);
      expect((await ask(token).expect(409)).body).to.include({ code: 'email_verified' });
      const audited = (await app.audited('email_changed')).filter(({ target }) => target === user.id);
      expect(audited.map(({ details }) => details)).to.deep.equal([
        '{"email_verified":{"from":false,"to":true}}',
      ]);
    });

    it('is sent by an administrator and by the operator, too, with the same limit', async () => {
      const { user, token, email } = await create();
      const path = `/users/${user.id}/email/verification`;
      await app.post(path).expect(401);
      await app.post(path, undefined, token).expect(403);
      for (let count = 0; count < 3; count += 1) await app.post(path, undefined, admin).expect(204);
      app.clock.advance(1);
      const words = ['users', 'send-verification', user.username];
      expect(await runCommand(words, app)).to.include({
        exitCode: 0,
        stdout: `A message to ${email} stays in the outbox: no mail server is set (LATCHKEY_SMTP_URL). What it says: latchkey mail latest\n`,
      });
      app.clock.advance(1);
      const environment = {
        ...app.environment,
        LATCHKEY_SMTP_URL: 'smtp://127.0.0.1:25',
        LATCHKEY_MAIL_FROM: 'x@example.com',
        LATCHKEY_APP_URL: 'https://app.example.com',
      };
      expect(await runCommand(words, { environment, clock: app.clock })).to.include({
        exitCode: 0,
        stdout: `A message to ${email} is on its way. What it says: latchkey mail latest\n`,
      });
      const sent = (await app.audited('email_verification_sent')).filter(({ target }) => target === user.id);
      expect(sent.map(({ actor_kind: kindOfActor }) => kindOfActor).sort()).to.deep.equal([
        'operator',
        'operator',
        'user',
        'user',
        'user',
      ]);
      const { text } = await findNewestMessage(app);
      await app.post(path, undefined, admin).expect(429);
      expect(await runCommand(words, app)).to.include({ exitCode: 1, stdout: '' });
      await verify({ token: /token=(\S+)/.exec(text)?.[1] ?? '' }, token).expect(204);
      expect((await app.post(path, undefined, admin).expect(409)).body).to.include({
        code: 'email_verified',
      });
      await app
        .post(`/users/0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10/email/verification`, undefined, admin)
        .expect(404);
      const { id } = await app.createUser(`user${(made += 1)}`, password);
      const none = await app.post(`/users/${id}/email/verification`, undefined, admin).expect(409);
      expect(none.body).to.include({ code: 'email_missing' });
    });

    it('accepts the code of the newest message instead, with five tries', async () => {
      const { token } = await create();
      const { code } = await askFor(token);
      const wrong = code === '000000' ? '000001' : '000000';
      for (let tries = 0; tries < 4; tries += 1) await verify({ code: wrong }, token).expect(400);
      await verify({ code }, token).expect(204);
      const other = await create();
      const sent = await askFor(other.token);
      for (let tries = 0; tries < 5; tries += 1)
        await verify({ code: sent.code === '000000' ? '000001' : '000000' }, other.token).expect(400);
      expect((await verify({ code: sent.code }, other.token).expect(400)).body.code).to.equal('invalid_link');
      expect(await isVerified(other.token)).to.equal(false);
      // The link of the same message still works.
      await verify({ token: sent.token }, other.token).expect(204);
    });

    it('gives nothing to a user who has entered a stranger’s address, and nothing by the stranger’s click', async () => {
      const attacker = await create({ email: 'victim@example.net' });
      const { token: link } = await askFor(attacker.token);
      const stranger = await create();
      await verify({ token: link }, stranger.token).expect(400);
      await app.request('post', '/email/verify').send({ token: link }).expect(401);
      expect(await isVerified(attacker.token)).to.equal(false);
      await app.post('/password/forgot', { email: 'victim@example.net' }).expect(204);
      const { outbox, database } = app.services;
      const messages = await outbox.list(database.queries, { limit: 100 });
      expect(
        messages.filter(
          ({ address, template }) => address === 'victim@example.net' && template === 'password_reset',
        ),
      ).to.deep.equal([]);
      // The attempt of the stranger has not used it up.
      await verify({ token: link }, attacker.token).expect(204);
    });

    it('accepts no link that is older than an hour, or of another address', async () => {
      const { user, token } = await create();
      const { token: old } = await askFor(token);
      app.clock.advance(3600);
      await verify({ token: old }, token).expect(400);
      const { token: link, code } = await askFor(token);
      await app.patch(`/users/${user.id}`, { email: `other-${user.id}@example.com` }, admin).expect(200);
      await verify({ token: link }, token).expect(400);
      await verify({ code }, token).expect(400);
    });

    it('succeeds in one of two concurrent requests', async () => {
      const { token } = await create();
      const sent = await askFor(token);
      const responses = await Promise.all([
        verify({ token: sent.token }, token),
        verify({ token: sent.token }, token),
      ]);
      expect(responses.map(({ status }) => status).sort()).to.deep.equal([204, 400]);
    });

    it('is sent five times an hour at most', async () => {
      const { token } = await create();
      for (let count = 0; count < 5; count += 1) await ask(token).expect(204);
      const { headers } = await ask(token).expect(429);
      expect(headers).to.include({ 'retry-after': '3600' });
      app.clock.advance(3600);
      await ask(token).expect(204);
    });

    it('needs an address, a user, and a token or a code', async () => {
      expect((await ask(admin).expect(409)).body).to.include({ code: 'email_missing' });
      const { token } = await create();
      for (const proof of [{}, { token: 'x', code: '123456' }, { code: '12345' }, { code: 123456 }])
        await verify(proof, token).expect(422);
      const client = await createClient(app, { scope: 'reports:read' });
      const { body } = await app
        .postForm('/oauth/token', { grant_type: 'client_credentials' })
        .auth(client.client_id, client.client_secret ?? '')
        .expect(200);
      await ask(body.access_token as string).expect(403);
      await verify({ code: '123456' }, body.access_token as string).expect(403);
    });
  });
}
