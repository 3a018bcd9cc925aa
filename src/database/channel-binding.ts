import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type pg from 'pg';

const bound = 'SCRAM-SHA-256-PLUS';

/**
 * Closes a connection before any proof of the password is sent, unless SCRAM authentication is bound to the certificate
 * of the TLS connection (RFC 5929 §4). The driver itself would continue without binding.
 * @param client must not be connected yet.
 */
export function requireChannelBinding(client: pg.Client): void {
  // The driver has no option for this, but emits an event for each message.
  const { connection } = client as unknown as { connection: EventEmitter & { readonly stream: Duplex } };
  const refuse = (): void => {
    connection.stream.destroy(
      new Error(
        'channel_binding=require, but the server does not bind its authentication to the TLS connection',
      ),
    );
  };
  let isBound = false;
  connection.on('authenticationCleartextPassword', refuse);
  connection.on('authenticationMD5Password', refuse);
  connection.on('authenticationSASL', ({ mechanisms }: { readonly mechanisms: readonly string[] }) => {
    isBound = mechanisms.includes(bound);
    if (!isBound) refuse();
  });
  connection.on('authenticationOk', () => {
    if (!isBound) refuse();
  });
}
