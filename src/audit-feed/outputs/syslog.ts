import { createSocket } from 'node:dgram';
import { connect as connectTcp, isIPv6, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { SyslogReceiver } from '../../config/audit-receivers.js';
import type { AuditSender } from './audit-output.js';
import { formatSyslog, type SyslogFormat } from './syslog-message.js';

export interface SyslogOptions {
  readonly receiver: SyslogReceiver;
  readonly format: SyslogFormat;
  /** Of Latchkey. */
  readonly version: string;
  /** Milliseconds that a batch may take; 10,000 by default. */
  readonly timeout?: number;
}

/** Sends rows as syslog messages: over UDP (RFC 5426), or over TCP (RFC 6587) or TLS (RFC 5425) with octet counting. */
export function createSyslogSender({
  receiver,
  format,
  version,
  timeout = 10_000,
}: SyslogOptions): AuditSender {
  const send = receiver.transport === 'udp' ? sendDatagrams : sendStream;
  return {
    name: 'syslog',
    maxRows: 200,
    send: (rows, stop) =>
      send(
        receiver,
        rows.map((row) => formatSyslog(row, format, version)),
        AbortSignal.any([stop, AbortSignal.timeout(timeout)]),
      ),
  };
}

/**
 * Syslog has no acknowledgements. A connection for each batch has one: a receiver that closes its side in order, after
 * this side has, has read everything before that.
 */
function sendStream(
  receiver: SyslogReceiver,
  messages: readonly Buffer[],
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(receiver);
    const abort = (): void => {
      socket.destroy(
        new Error(
          'The syslog receiver has not taken the messages and closed the connection within the time limit.',
          { cause: signal.reason },
        ),
      );
    };
    let hasClosed = false;
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', reject);
    socket.once('end', () => {
      hasClosed = socket.writableFinished;
    });
    socket.once('close', () => {
      signal.removeEventListener('abort', abort);
      if (hasClosed) resolve();
      else reject(new Error('The syslog receiver closed the connection before it had all messages.'));
    });
    socket.resume();
    socket.end(Buffer.concat(messages.flatMap((each) => [Buffer.from(`${each.length} `), each])));
    if (signal.aborted) abort();
  });
}

function connect({ transport, host, port }: SyslogReceiver): Socket {
  if (transport === 'tcp') return connectTcp({ host, port });
  // Addresses are no server names (RFC 6066 §3).
  return connectTls({ host, port, ...(!/^[\d.]+$/.test(host) && !isIPv6(host) && { servername: host }) });
}

async function sendDatagrams(
  { host, port }: SyslogReceiver,
  messages: readonly Buffer[],
  signal: AbortSignal,
): Promise<void> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  try {
    for (const message of messages) {
      signal.throwIfAborted();
      socket.removeAllListeners('error');
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.send(message, port, host, (error) => {
          if (error) reject(error);
          else resolve();
        });
      });
    }
  } finally {
    socket.close();
  }
}
