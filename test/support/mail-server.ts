import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { noteClosed, noteOpened } from './opened.js';

/** A message as the server got it. */
export interface ReceivedMessage {
  readonly from: string;
  readonly to: readonly string[];
  readonly source: string;
  readonly id: string;
  readonly subject: string;
}

interface MailServerOptions {
  readonly tls?: 'none' | 'starttls' | 'implicit';
  readonly credentials?: { readonly user: string; readonly password: string };
}

/** A reply that refuses, as `new SmtpReply(451, 'Greylisted')`. */
export class SmtpReply extends Error {
  constructor(
    readonly responseCode: number,
    text: string,
  ) {
    super(text);
  }
}

const certificates = new URL('../../../test/support/certificates/', import.meta.url);
export const certificateAuthority = readFileSync(new URL('authority.pem', certificates), 'utf8');

/** A real SMTP server, whose replies a test decides. */
export class MailServer {
  readonly received: ReceivedMessage[] = [];
  /** What it says to a recipient, other than yes. */
  onRecipient: (address: string) => Error | undefined = () => undefined;
  /** What it says to a wrong password. */
  refusePassword: (password: string) => string = () => 'Wrong user or password';
  onSender: (address: string) => Error | undefined = () => undefined;
  /** When it has a whole message: its reply, or nothing any more. */
  onMessage: (message: ReceivedMessage) => Promise<Error | undefined> | Error | undefined = () => undefined;
  readonly #server: SMTPServer;

  private constructor({ tls = 'none', credentials }: MailServerOptions) {
    const options: SMTPServerOptions = {
      secure: tls === 'implicit',
      disabledCommands: [...(tls === 'starttls' ? [] : ['STARTTLS']), ...(credentials ? [] : ['AUTH'])],
      authOptional: credentials === undefined,
      disableReverseLookup: true,
      closeTimeout: 100,
      ...(tls !== 'none' && {
        key: readFileSync(new URL('server-key.pem', certificates)),
        cert: readFileSync(new URL('server.pem', certificates)),
      }),
      onAuth: ({ username, password }, _session, callback) => {
        const isRight = username === credentials?.user && password === credentials?.password;
        callback(
          isRight ? null : new SmtpReply(535, this.refusePassword(password ?? '')),
          isRight ? { user: username } : undefined,
        );
      },
      onMailFrom: ({ address }, _session, callback) => {
        callback(this.onSender(address));
      },
      onRcptTo: ({ address }, _session, callback) => {
        callback(this.onRecipient(address));
      },
      onData: (stream, { envelope }, callback) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const source = Buffer.concat(chunks).toString();
          const message = {
            from: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
            to: envelope.rcptTo.map(({ address }) => address),
            source,
            id: /^Message-ID: <([^>]+)>/im.exec(source)?.[1] ?? '',
            subject: /^Subject: (.*)$/im.exec(source)?.[1] ?? '',
          };
          void Promise.resolve(this.onMessage(message)).then((reply) => {
            if (!reply) this.received.push(message);
            callback(reply);
          });
        });
      },
    };
    this.#server = new SMTPServer(options);
    // Tests break connections.
    this.#server.on('error', () => undefined);
  }

  static async start(options: MailServerOptions = {}): Promise<MailServer> {
    const server = new MailServer(options);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return noteOpened(server);
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.port}`;
  }

  /** Breaks all connections. */
  dropConnections(): void {
    for (const connection of this.#server.connections)
      (connection as unknown as { readonly _socket: { destroy(): void } })._socket.destroy();
  }

  /** Forgets what was received, and accepts everything again. */
  reset(): void {
    this.received.length = 0;
    this.onRecipient = () => undefined;
    this.onSender = () => undefined;
    this.onMessage = () => undefined;
  }

  async close(): Promise<void> {
    this.dropConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(resolve);
    });
    noteClosed(this);
  }
}
