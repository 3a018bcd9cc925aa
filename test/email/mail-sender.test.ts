import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  createSmtpSender,
  MessageRefused,
  ServerFailure,
  type SmtpOptions,
} from '../../src/email/mail-sender.js';
import { parseSmtpUrl } from '../../src/email/mail-settings.js';
import { certificateAuthority, MailServer, SmtpReply } from '../support/mail-server.js';

const from = { name: 'Example', address: 'no-reply@example.com' };
const message = {
  id: '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10',
  to: 'ada@example.net',
  date: 0,
  subject: 'Grüße',
  text: 'text',
  html: '<p>html</p>',
};

describe('Sending by SMTP', () => {
  let server: MailServer;
  afterEach(() => server.close());

  async function send(url: string, options: SmtpOptions = {}): Promise<unknown> {
    try {
      const connection = await createSmtpSender(parseSmtpUrl(url), from, options).connect();
      await connection.send(message);
      connection.close();
      return undefined;
    } catch (error) {
      return error;
    }
  }
  const trusted = { trustedCertificates: certificateAuthority };

  it('uses TLS from the first byte with smtps', async () => {
    server = await MailServer.start({ tls: 'implicit' });
    expect(await send(`smtps://localhost:${server.port}`, trusted)).to.equal(undefined);
    expect(server.received).to.have.length(1);
  });

  it('does not send through a server whose certificate is not trusted', async () => {
    server = await MailServer.start({ tls: 'implicit' });
    expect(await send(`smtps://localhost:${server.port}`)).to.be.instanceOf(ServerFailure);
    expect(server.received).to.be.empty;
  });

  it('authenticates with what the URL says', async () => {
    server = await MailServer.start({
      tls: 'starttls',
      credentials: { user: 'ada@example.com', password: 'a/b:c' },
    });
    const right = `smtp://ada%40example.com:a%2Fb%3Ac@localhost:${server.port}`;
    expect(await send(right, trusted)).to.equal(undefined);
    const wrong = await send(`smtp://ada%40example.com:wrong@localhost:${server.port}`, trusted);
    expect(wrong).to.be.instanceOf(ServerFailure);
    expect(wrong).to.have.property('message').that.includes('Wrong user or password');
  });

  it('does not say the password that a server repeats', async () => {
    server = await MailServer.start({
      tls: 'starttls',
      credentials: { user: 'ada', password: 'right' },
    });
    const encode = (text: string) => Buffer.from(text).toString('base64');
    const [password, coded] = ['hunter2, of Ada', encode('\0ada\0hunter2, of Ada')];
    for (const repeated of [password, encode(password), coded]) {
      server.refusePassword = () => `Not ${repeated}`;
      const url = `smtp://ada:${encodeURIComponent(password)}@localhost:${server.port}`;
      const error = await send(url, trusted);
      expect(error).to.be.instanceOf(ServerFailure);
      expect(inspect(error, { depth: 9 })).not.to.include(repeated);
    }
  });

  it('sends nothing to a server elsewhere that has no STARTTLS, unless the URL allows it', async () => {
    server = await MailServer.start();
    const elsewhere = { ...parseSmtpUrl('smtp://mail.example.com'), host: '127.0.0.1', port: server.port };
    const failing = createSmtpSender(elsewhere, from).connect();
    expect(await failing.catch((error: unknown) => error)).to.be.instanceOf(ServerFailure);
    expect(parseSmtpUrl('smtp://mail.example.com').tls).to.equal('required');
    expect(parseSmtpUrl('smtp://mail.example.com?tls=optional').tls).to.equal('optional');
    expect(await send(server.url)).to.equal(undefined);
  });

  it('distinguishes a server that cannot be reached, or does not respond, from a refused message', async () => {
    server = await MailServer.start();
    expect(await send('smtp://127.0.0.1:1')).to.be.instanceOf(ServerFailure);
    server.onRecipient = () => new SmtpReply(550, 'No');
    expect(await send(server.url))
      .to.be.instanceOf(MessageRefused)
      .and.to.have.property('isFinal', true);
    server.onRecipient = () => new SmtpReply(450, 'Later');
    expect(await send(server.url))
      .to.be.instanceOf(MessageRefused)
      .and.to.have.property('isFinal', false);
    server.onRecipient = () => new SmtpReply(421, 'Closing');
    expect(await send(server.url)).to.be.instanceOf(ServerFailure);
  });

  it('ends a conversation that the server does not continue', async () => {
    server = await MailServer.start();
    server.onMessage = () => new Promise(() => undefined);
    const error = await send(server.url, { idleTimeout: 300 });
    expect(error).to.be.instanceOf(MessageRefused).and.to.have.property('isFinal', false);
  });

  it('sends several messages on a connection', async () => {
    server = await MailServer.start();
    const connection = await createSmtpSender(parseSmtpUrl(server.url), from).connect();
    for (let count = 0; count < 20; count += 1) await connection.send(message);
    connection.close();
    expect(server.received).to.have.length(20);
  });
});
