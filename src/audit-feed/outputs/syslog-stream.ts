import { connect as connectTcp, isIPv6, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import type { SyslogReceiver } from '../../config/audit-receivers.js';

export type SyslogFraming = 'octet_counting' | 'newline';

/** Milliseconds. */
const [minQuiet, maxQuiet] = [50, 1000];

/** Messages as one stream (RFC 6587 §3.4). They have no line breaks. */
export function frame(messages: readonly Buffer[], framing: SyslogFraming): Buffer {
  const parts = messages.flatMap((each) =>
    framing === 'newline' ? [each, Buffer.from('\n')] : [Buffer.from(`${each.length} `), each],
  );
  return Buffer.concat(parts);
}

/**
 * Syslog has no acknowledgements. A connection for each batch has one: a receiver that closes its side in order, after
 * this side has, has read everything before that. One that is being restarted closes its side, too, whatever is still on
 * the way to it. So this side closes only when that has had the time to arrive, and the receiver has not closed by then.
 */
export function sendStream(receiver: SyslogReceiver, bytes: Buffer, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const connecting = performance.now();
    const socket = connect(receiver);
    const abort = (): void => {
      socket.destroy(
        new Error(
          'The syslog receiver has not taken the messages and closed the connection within the time limit.',
          { cause: signal.reason },
        ),
      );
    };
    let quiet: number = minQuiet;
    let hasEnded = false;
    let isTaken = false;
    signal.addEventListener('abort', abort, { once: true });
    socket.once('connect', () => {
      quiet = Math.min(Math.max(2 * (performance.now() - connecting), minQuiet), maxQuiet);
    });
    socket.once('error', reject);
    socket.once('end', () => {
      isTaken = hasEnded;
      socket.destroy();
    });
    socket.once('close', () => {
      signal.removeEventListener('abort', abort);
      if (isTaken) resolve();
      else reject(new Error('The syslog receiver closed the connection before it had all messages.'));
    });
    socket.resume();
    socket.write(bytes, () => {
      void wait(quiet)
        // What has arrived meanwhile is read before this side ends, also where the timer was late.
        .then(() => new Promise((next) => setImmediate(next)))
        .then(() => {
          hasEnded = true;
          socket.end();
        });
    });
    if (signal.aborted) abort();
  });
}

function connect({ transport, host, port }: SyslogReceiver): Socket {
  // This side ends on its own: otherwise it would not be known which side was first.
  const options = { host, port, allowHalfOpen: true };
  if (transport === 'tcp') return connectTcp(options);
  // Addresses are no server names (RFC 6066 §3).
  return connectTls({ ...options, ...(!/^[\d.]+$/.test(host) && !isIPv6(host) && { servername: host }) });
}
