import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';

/** The other ends of the connections that reserve ports. */
let listening: Promise<Server> | undefined;

/**
 * Reserves a port of 127.0.0.1 for a process that is started several times: while this process lives, the system assigns
 * it to no other socket that asks for any free port. A connection is bound to it, and a process that names the port can
 * still listen on it.
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
    // None of them keeps this process running; they end with it.
    socket.unref().on('error', () => undefined);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server.unref();
}
