import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type pg from 'pg';

const bound = 'SCRAM-SHA-256-PLUS';

/**
 * Breaks a connection off before anything of the password is sent, unless the server's proof and ours are bound to the
 * certificate of the TLS connection that they go through (RFC 5929 §4): the driver would go on without.
 * @param client not connected yet.
 */
export function requireChannelBinding(client: pg.Client): void {
  // The driver has events for each message, and no option for this.
  const { connection } = client as unknown as { connection: EventEmitter & { readonly stream: Duplex } };
  const refuse = (): void => {
    connection.stream.destroy(
      new Error(
        'channel_binding=require, and the server does not bind its authentication to the TLS connection',
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
