import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { Message } from './messages/message.js';
import type { Sender, SmtpServer } from './mail-settings.js';

/** A message with what is on its envelope. */
export interface OutgoingMessage extends Message {
  /** The same at each attempt: what gets through twice is recognized by its `Message-ID`. */
  readonly id: string;
  readonly to: string;
  /** When it was made, in milliseconds since the Unix epoch. */
  readonly date: number;
}

/** The server takes no message now, or none from this service: the next one would fare no better. */
export class ServerFailure extends Error {
  override readonly name = 'ServerFailure';
}

/** The server does not take this message. */
export class MessageRefused extends Error {
  override readonly name = 'MessageRefused';
  constructor(
    message: string,
    /** Whether it never will (RFC 5321 §4.2.1: 5yz). Where it is unknown whether the server took it, this is false. */
    readonly isFinal: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A connection to the server, on which messages are sent one after the other. After an error it is closed. */
export interface MailConnection {
  /** Resolves when the server has taken the message. @throws {MessageRefused} @throws {ServerFailure} */
  send(message: OutgoingMessage): Promise<void>;
  close(): void;
}

export interface MailSender {
  /** @throws {ServerFailure} */
  connect(): Promise<MailConnection>;
}

/** What tests shorten and replace. */
export interface SmtpOptions {
  /** Milliseconds until the server has responded to a connection. */
  readonly connectTimeout?: number;
  /** Milliseconds without a byte of the server: RFC 5321 §4.5.3.2 has five minutes for commands, and ten for the end of a message. */
  readonly idleTimeout?: number;
  /** PEM; the system's and Node's own by default. */
  readonly trustedCertificates?: string;
}

/** Sends by SMTP. Loads nodemailer with the first connection: an installation without SMTP does without its 26 MB. */
export function createSmtpSender(server: SmtpServer, from: Sender, options: SmtpOptions = {}): MailSender {
  const { connectTimeout = 15_000, idleTimeout = 600_000, trustedCertificates } = options;
  return {
    connect: async () => {
      const [{ default: Connection }, { default: MailComposer }] = await Promise.all([
        import('nodemailer/lib/smtp-connection'),
        import('nodemailer/lib/mail-composer'),
      ]);
      const connection = new Connection({
        host: server.host,
        port: server.port,
        secure: server.tls === 'implicit',
        requireTLS: server.tls === 'required',
        connectionTimeout: connectTimeout,
        greetingTimeout: connectTimeout,
        dnsTimeout: connectTimeout,
        socketTimeout: idleTimeout,
        ...(trustedCertificates !== undefined && { tls: { ca: trustedCertificates } }),
      });
      // An error event that nobody listens to would end the process.
      connection.on('error', () => undefined);
      await open(connection, server);
      return {
        send: async (message) => {
          const composed = new MailComposer({
            from: { name: from.name ?? '', address: from.address },
            to: { name: '', address: message.to },
            subject: message.subject,
            text: message.text,
            html: message.html,
            date: new Date(message.date),
            messageId: `<${message.id}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`,
            // No vacation replies and the like (RFC 3834 §5).
            headers: { 'Auto-Submitted': 'auto-generated' },
            disableFileAccess: true,
            disableUrlAccess: true,
          }).compile();
          const envelope = {
            from: from.address,
            to: [message.to],
            // A bounce need not repeat the link, and names the message (RFC 3461).
            dsn: { ret: 'HDRS', envid: message.id, notify: ['FAILURE'] },
          };
          await attempt(connection, (done) => {
            composed.build().then((built) => {
              connection.send(envelope, built, done);
            }, done);
          }).catch((error: unknown) => {
            connection.close();
            throw toSendError(error);
          });
        },
        close: () => {
          connection.quit();
        },
      };
    },
  };
}

async function open(connection: SMTPConnection, { user, password }: SmtpServer): Promise<void> {
  try {
    await attempt(connection, (done) => {
      connection.connect(done);
    });
    if (user !== undefined) {
      await attempt(connection, (done) => {
        connection.login({ credentials: { user, pass: password } }, done);
      });
    }
  } catch (error) {
    connection.close();
    throw repeatsPassword(error, { user, password })
      ? new ServerFailure('The server does not accept the user and the password, and repeats them.')
      : new ServerFailure(describe(error), { cause: error });
  }
}

/** Whether a server's response has the password, in one of the forms in which it is sent: it would be logged, and stored. */
function repeatsPassword(
  error: unknown,
  { user = '', password }: Pick<SmtpServer, 'user' | 'password'>,
): boolean {
  if (password === undefined) return false;
  const { response = '', message = '' } = error as SmtpError;
  const encoded = [password, `\0${user}\0${password}`].map((text) => Buffer.from(text).toString('base64'));
  return [password, ...encoded].some((text) => `${response}\n${message}`.includes(text));
}

/** A step of the conversation: it ends by its callback, or because the connection does. */
function attempt(connection: SMTPConnection, step: (done: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const onEnd = (): void => {
      // Where the server has said why, the step ends by that.
      setImmediate(done, new Error('The server has closed the connection.'));
    };
    const done = (error?: unknown): void => {
      connection.off('end', onEnd);
      connection.off('error', done);
      if (error instanceof Error) reject(error);
      else resolve();
    };
    connection.on('error', done);
    connection.on('end', onEnd);
    step(done);
  });
}

interface SmtpError {
  readonly command?: string;
  readonly responseCode?: number;
  readonly response?: string;
  readonly message?: string;
}

function toSendError(error: unknown): Error {
  const { command, responseCode } = error as SmtpError;
  const said = describe(error);
  // A sender that is refused for this message is refused for the next one, too. 421: the server is about to end.
  if (command === 'MAIL FROM' || responseCode === 421) return new ServerFailure(said, { cause: error });
  return new MessageRefused(said, responseCode !== undefined && responseCode >= 500, { cause: error });
}

/** The maximum stored length of what a server says. */
const maxReasonLength = 300;

function describe(error: unknown): string {
  const { response, message = 'failed' } = error as SmtpError;
  return (response ?? message)
    .replaceAll(/\p{C}+/gu, ' ')
    .trim()
    .slice(0, maxReasonLength);
}
