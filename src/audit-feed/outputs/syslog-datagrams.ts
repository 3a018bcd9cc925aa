import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { SyslogReceiver } from '../../config/audit-receivers.js';

/** Milliseconds in which the receiver's machine may say that nobody listens there, and in which a burst is read. */
const quiet = 50;

/**
 * Sends each message as a datagram. UDP tells nothing of what is lost, except where the receiver's machine itself says
 * that nobody listens: only a connected socket hears of that.
 */
export async function sendDatagrams(
  { host, port }: SyslogReceiver,
  messages: readonly Buffer[],
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  let fail: (reason: Error) => void = () => undefined;
  const failure = new Promise<never>((_, reject) => (fail = reject));
  failure.catch(() => undefined);
  signal.addEventListener(
    'abort',
    () => {
      fail(signal.reason as Error);
    },
    { once: true },
  );
  // A name may have addresses of IPv6 alone.
  const { address, family } = await Promise.race([lookup(host), failure]);
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  try {
    socket.on('error', fail);
    socket.connect(port, address);
    await Promise.race([once(socket, 'connect'), failure]);
    for (const message of messages) await Promise.race([sendOne(socket, message), failure]);
    await Promise.race([wait(quiet), failure]);
  } finally {
    socket.close();
  }
}

function sendOne(socket: Socket, message: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(message, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
