import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';

/** Where the connections end that keep ports. */
let listening: Promise<Server> | undefined;

/**
 * A port of 127.0.0.1 for a process that this one starts, and starts again: while this process lives, the system gives
 * it to nobody who asks for any free one. A connection is bound to it, and a process that names the port may listen on it all
 * the same.
 */
export async function reservePort(): Promise<number> {
  listening ??= listen();
  const server = await listening;
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.1' });
  await once(socket, 'connect');
  const { localPort } = socket.unref();
  if (localPort === undefined) throw new Error('The connection that was to keep a port has ended.');
  return localPort;
}

async function listen(): Promise<Server> {
  const server = createServer((socket) => {
    // None of them keeps this process from its end, which ends them.
    socket.unref().on('error', () => undefined);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server.unref();
}
