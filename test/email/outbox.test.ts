import { expect } from 'chai';
import { exampleVariables } from '../../src/email/messages/message.js';
import { operatorContext } from '../../src/audit/actor.js';
import type { NewMessage } from '../../src/email/outbox.js';
import { outboxStore } from '../../src/email/outbox.store.js';
import type { OutboxRow } from '../../src/database/schema.js';
import { KeySealing } from '../../src/keys/key-sealing.js';
import { databaseKinds } from '../support/databases.js';
import { MailServer, SmtpReply } from '../support/mail-server.js';
import { findTokenIn } from '../support/messages.js';
import { readJsonLines, runCommand } from '../support/run-command.js';
import { addUser } from '../support/records.js';
import { TestApp } from '../support/test-app.js';

const from = 'Example <no-reply@example.com>';
const appUrl = 'https://app.example.com';
const variables = exampleVariables.password_changed;

for (const kind of databaseKinds) {
  describe(`The outbox on ${kind}`, () => {
    let app: TestApp;
    let server: MailServer;

    before(async () => {
      server = await MailServer.start();
      app = await TestApp.start({
        database: kind,
        settings: { LATCHKEY_SMTP_URL: server.url, LATCHKEY_MAIL_FROM: from, LATCHKEY_APP_URL: appUrl },
      });
    });
    beforeEach(async () => {
      server.reset();
      app.clock.advance(3600);
      await app.services.database.queries.deleteFrom('latchkey_outbox').execute();
    });
    after(async () => {
      await app.close();
      await server.close();
    });

    const queries = () => app.services.database.queries;
    const enqueue = (message: Partial<NewMessage<'password_changed'>> = {}) =>
      app.services.outbox.enqueue(queries(), {
        template: 'password_changed',
        to: { address: 'ada@example.net' },
        variables,
        ...message,
      });
    const run = () => app.services.outboxWorker.run();
    const rows = (): Promise<OutboxRow[]> => queries().selectFrom('latchkey_outbox').selectAll().execute();
    const onlyRow = async (): Promise<OutboxRow> => {
      const [row, ...others] = await rows();
      if (!row || others.length > 0) throw new Error(`There are ${others.length} other rows.`);
      return row;
    };

    it('sends a message once, in text and HTML, from and to the right addresses', async () => {
      await enqueue();
      await run();
      await run();
      expect(server.received).to.have.length(1);
      const [message] = server.received;
      const { id } = await onlyRow();
      expect(message).to.include({ from: 'no-reply@example.com', id: `${id}@example.com` });
      expect(message?.to).to.deep.equal(['ada@example.net']);
      expect(message?.source).to.match(/^From: Example <no-reply@example\.com>\r$/m);
      expect(message?.source).to.match(/^To: ada@example\.net\r$/m);
      expect(message?.source).to.match(/^Auto-Submitted: auto-generated\r$/m);
      expect(message?.source).to.match(/^Content-Type: text\/plain; charset=utf-8\r$/m);
      expect(message?.source).to.match(/^Content-Type: text\/html; charset=utf-8\r$/m);
      expect(message?.subject).to.equal('Your password for Example was changed');
    });

    it('forgets what a message said once it is sent', async () => {
      await enqueue();
      expect((await onlyRow()).sealed_variables)
        .to.be.a('string')
        .that.does.not.include('192');
      await run();
      expect(await onlyRow()).to.include({
        ...{ state: 'sent', attempts: 1, sealed_variables: null, done_at: app.clock.now() },
      });
    });

    it('sends nothing of a transaction that is rolled back', async () => {
      const failing = app.services.database.transaction(async (transaction) => {
        await app.services.outbox.enqueue(transaction, {
          template: 'password_changed',
          to: { address: 'ada@example.net' },
          variables,
        });
        throw new Error('rolled back');
      });
      expect(await failing.catch((error: unknown) => (error as Error).message)).to.equal('rolled back');
      await run();
      expect(server.received).to.be.empty;
    });

    it('treats what is enqueued again under a key as the same message', async () => {
      await enqueue({ key: 'the key' });
      await run();
      await enqueue({ key: 'the key' });
      await run();
      expect(server.received).to.have.length(1);
    });

    it('sends to the verified address of a user, in the language of the account', async () => {
      const user = await addUser(queries(), {
        email: 'zoe@example.net',
        email_key: 'zoe@example.net',
        email_verified_at: 1,
        language: 'de',
      });
      await enqueue({ to: { userId: user.id }, language: 'en' });
      await run();
      expect(server.received[0]?.to).to.deep.equal(['zoe@example.net']);
      expect(server.received[0]?.source).to.match(/Passwort/);
      expect(await onlyRow()).to.include({ user_id: user.id, language: 'de' });
    });

    it('has nothing for a user without a verified address', async () => {
      const without = await addUser(queries());
      const unverified = await addUser(queries(), { email: 'x@example.net', email_key: 'x@example.net' });
      await enqueue({ to: { userId: without.id } });
      await enqueue({ to: { userId: unverified.id } });
      expect(await rows()).to.be.empty;
    });

    it('writes a row for a message to nobody as for any other, and drops it unsent', async () => {
      await enqueue({ to: 'nobody' });
      expect(await rows()).to.have.length(1);
      expect(await app.services.outbox.list(queries(), { limit: 10 })).to.be.empty;
      await run();
      expect(await rows()).to.be.empty;
      expect(server.received).to.be.empty;
    });

    it('tries a greylisted message again after growing waits, and does not hold others up', async () => {
      let refusals = 0;
      server.onRecipient = (address) => {
        if (address !== 'ada@example.net' || refusals >= 2) return undefined;
        refusals += 1;
        return new SmtpReply(451, '4.7.1 Greylisted');
      };
      await enqueue();
      await enqueue({ to: { address: 'bob@example.net' } });
      await run();
      expect(server.received.map(({ to }) => to[0])).to.deep.equal(['bob@example.net']);
      app.clock.advance(29);
      await run();
      expect(refusals).to.equal(1);
      app.clock.advance(1);
      await run();
      expect(refusals).to.equal(2);
      const waiting = (await rows()).find(({ state }) => state === 'waiting');
      expect(waiting).to.include({ attempts: 2, due_at: app.clock.now() + 60_000 });
      expect(waiting?.last_error).to.equal('451 4.7.1 Greylisted');
      app.clock.advance(60);
      await run();
      expect(server.received.map(({ to }) => to[0])).to.deep.equal(['bob@example.net', 'ada@example.net']);
      expect((await rows()).map(({ attempts }) => attempts).sort()).to.deep.equal([1, 3]);
    });

    it('gives up what the server refuses for good, and writes it to the audit', async () => {
      server.onRecipient = () => new SmtpReply(550, '5.1.1 No such mailbox');
      const user = await addUser(queries());
      await enqueue({ to: { address: 'ada@example.net', userId: user.id } });
      await run();
      const row = await onlyRow();
      expect(row).to.include({ state: 'given_up', attempts: 1, sealed_variables: null });
      const audited = (await app.audited('message_given_up')).find(({ target }) => target === user.id);
      expect(JSON.parse(audited?.details ?? '')).to.deep.equal({
        message: row.id,
        template: 'password_changed',
        attempts: 1,
        reason: '550 5.1.1 No such mailbox',
      });
      server.reset();
      app.clock.advance(3600);
      await run();
      expect(server.received).to.be.empty;
    });

    it('gives up what has expired before a server accepted it', async () => {
      server.onRecipient = () => new SmtpReply(450, 'Later');
      await enqueue({ expiresAt: app.clock.now() + 45_000 });
      await run();
      app.clock.advance(30);
      await run();
      server.reset();
      app.clock.advance(15);
      await run();
      expect(server.received).to.be.empty;
      const row = await onlyRow();
      expect(row).to.include({ state: 'given_up', attempts: 2, last_error: '450 Later' });
      const audited = (await app.audited('message_given_up')).map(
        ({ details }) => JSON.parse(details ?? '{}') as { message?: string },
      );
      expect(audited.find(({ message }) => message === row.id)).to.include({ attempts: 2 });
    });

    it('waits for a server that accepts no message, without giving any up', async () => {
      server.onSender = () => new SmtpReply(550, 'Not from this address');
      await enqueue();
      await enqueue();
      const { deferred } = app.services.outboxWorker.outcomes;
      await run();
      expect(app.services.outboxWorker.outcomes.deferred).to.equal(deferred + 1);
      for (const row of await rows()) {
        expect(row).to.include({ state: 'waiting', attempts: 0, last_error: '550 Not from this address' });
      }
      const nextTry = new Date(app.clock.now() + 1000).toISOString();
      const { stdout } = await runCommand(['mail', '--json'], app);
      for (const listed of readJsonLines(stdout)) {
        expect(listed).to.include({ next_try_at: nextTry, last_error: '550 Not from this address' });
      }
      const lines = (await runCommand(['mail'], app)).stdout.trimEnd().split('\n');
      expect(lines).to.have.length(3);
      expect(lines[1]).to.match(new RegExp(`waiting +0 +${nextTry} +550 Not from this address$`));
      server.reset();
      await run();
      expect(server.received, 'too early').to.be.empty;
      expect(app.services.outboxWorker.lag).to.equal(0);
      app.clock.advance(1);
      await run();
      expect(server.received).to.have.length(2);
    });

    it('tries a server that accepted no message once more at a restart, without waiting', async () => {
      server.onSender = () => new SmtpReply(550, 'Not from this address');
      await enqueue();
      await run();
      const failing = await app.openAgain();
      let tries = 0;
      server.onSender = () => {
        tries += 1;
        return new SmtpReply(550, 'Not from this address');
      };
      await failing.outboxWorker.run();
      await failing.outboxWorker.run();
      expect(tries).to.equal(1);
      await failing.database.close();
      server.reset();
      await run();
      expect(server.received, 'too early').to.be.empty;
      const restarted = await app.openAgain();
      await restarted.outboxWorker.run();
      expect(server.received).to.have.length(1);
      expect(await onlyRow()).to.include({ state: 'sent', last_error: null });
      await restarted.database.close();
    });

    it('sends again what a connection was lost for before the reply, under the same Message-ID', async () => {
      const ids: string[] = [];
      server.onMessage = ({ id }) => {
        ids.push(id);
        if (ids.length > 1) return undefined;
        server.dropConnections();
        return new SmtpReply(451, 'nobody hears this');
      };
      await enqueue();
      await enqueue({ to: { address: 'bob@example.net' } });
      await run();
      app.clock.advance(60);
      await run();
      expect(ids).to.have.length(3);
      expect(new Set(ids)).to.have.property('size', 2);
      expect(server.received).to.have.length(2);
    });

    it('marks a sent message later, and does not send it again, where the database fails in between', async () => {
      await enqueue();
      const finish = outboxStore.finish.bind(outboxStore);
      outboxStore.finish = () => Promise.reject(new Error('the database has failed'));
      try {
        expect(await run().catch((error: unknown) => (error as Error).message)).to.equal(
          'the database has failed',
        );
      } finally {
        outboxStore.finish = finish;
      }
      app.clock.advance(60);
      await run();
      expect(server.received).to.have.length(1);
      expect(await onlyRow()).to.include({ state: 'sent' });
    });

    it('keeps messages a week after they have expired, and no longer', async () => {
      await enqueue();
      await run();
      const { expires_at: expiry } = await onlyRow();
      app.clock.advance((expiry - app.clock.now()) / 1000 + 7 * 86_400 - 1);
      await app.services.cleanUp();
      expect(await rows()).to.have.length(1);
      app.clock.advance(1);
      await app.services.cleanUp();
      expect(await rows()).to.be.empty;
    });

    it('is decrypted after the secret was replaced', async () => {
      await enqueue();
      const { ring, database } = app.services;
      const other = 'another secret of the tests, long enough';
      await ring.reseal(() => new KeySealing(other), { kind: 'operator', context: operatorContext });
      const services = await app.openAgain({ LATCHKEY_SECRET: other });
      const row = await onlyRow();
      const stored = await services.outbox.read(database.queries, row.id);
      expect(stored?.message?.subject).to.equal('Your password for Example was changed');
      await services.ring.reseal(() => new KeySealing(app.environment['LATCHKEY_SECRET'] ?? ''), {
        kind: 'operator',
        context: operatorContext,
      });
      await services.database.close();
    });
  });
}

describe('The outbox of two replicas', () => {
  it('is sent once, by one of them at a time, and by the other after its end', async () => {
    const server = await MailServer.start();
    const settings = { LATCHKEY_SMTP_URL: server.url, LATCHKEY_MAIL_FROM: from, LATCHKEY_APP_URL: appUrl };
    const app = await TestApp.start({ database: 'postgres', settings });
    const other = await app.openAgain();
    const { queries } = app.services.database;
    for (let count = 0; count < 100; count += 1) {
      await app.services.outbox.enqueue(queries, {
        template: 'password_changed',
        to: { address: `user${count}@example.net` },
        variables,
      });
    }
    await Promise.all([app.services.outboxWorker.run(), other.outboxWorker.run()]);
    expect(server.received).to.have.length(100);
    expect(new Set(server.received.map(({ id }) => id))).to.have.property('size', 100);
    const sent = [app.services.outboxWorker.outcomes.sent, other.outboxWorker.outcomes.sent].sort();
    expect(sent).to.deep.equal([0, 100]);
    await app.services.outboxWorker.stop();
    await app.services.outbox.enqueue(queries, {
      template: 'password_changed',
      to: { address: 'last@example.net' },
      variables,
    });
    await app.services.outboxWorker.run();
    await other.outboxWorker.run();
    expect(server.received.at(-1)?.to).to.deep.equal(['last@example.net']);
    await other.database.close();
    await app.close();
    await server.close();
  });
});

describe('The outbox of a service that gets a mail server later', () => {
  it('sends what has waited, also what is over by then, whose link changes nothing', async () => {
    const server = await MailServer.start();
    const app = await TestApp.start({ settings: { LATCHKEY_REGISTRATION: 'open' } });
    const email = 'ada@example.net';
    const { body } = await app.post('/register', { email, password: 'correct horse battery' }).expect(202);
    const { registration_token: secret } = body as { registration_token: string };
    const token = await findTokenIn(app, email, 'registration');
    await app.post('/email/verify', { token, registration_token: secret }).expect(204);
    const settings = { LATCHKEY_SMTP_URL: server.url, LATCHKEY_MAIL_FROM: from, LATCHKEY_APP_URL: appUrl };
    const sending = await app.openAgain(settings);
    await sending.outboxWorker.run();
    expect(server.received.map(({ to }) => to[0])).to.deep.equal([email]);
    const again = await app.post('/email/verify', { token, password: 'another horse battery' }).expect(400);
    expect(again.body).to.include({ code: 'invalid_link' });
    await sending.database.close();
    await app.close();
    await server.close();
  });
});
