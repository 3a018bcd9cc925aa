import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { noteClosed, noteOpened } from './opened.js';

interface Passage {
  readonly client: Socket;
  readonly server: Socket;
  /** The first bytes that the client sent. */
  said: string;
  held: boolean;
}

/** A proxy between the service and its database that can block all traffic, like a failed network. */
export class TcpProxy {
  readonly #passages = new Set<Passage>();
  /** Connections whose client has sent this are blocked; undefined: none is. */
  #holding: string | undefined;
  #losesResponses = false;
  #opened = 0;

  private constructor(
    private readonly listener: Server,
    private readonly target: number,
  ) {
    listener.on('connection', (client) => {
      this.#open(client);
    });
  }

  static async to(port: number): Promise<TcpProxy> {
    const listener = createServer();
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    return noteOpened(new TcpProxy(listener, port));
  }

  /** The URL of the same database through this proxy. */
  urlFor(url: string): string {
    const { port } = this.listener.address() as AddressInfo;
    const through = new URL(url);
    through.port = String(port);
    return through.href;
  }

  /** Number of connections so far. */
  get opened(): number {
    return this.#opened;
  }

  /** Blocks all connections, or only those whose client has sent a certain text. */
  hold(saying = ''): void {
    this.#holding = saying;
    for (const passage of this.#passages) this.#decide(passage);
  }

  /** From now on requests pass, and responses are dropped. */
  loseResponses(): void {
    this.#losesResponses = true;
  }

  release(): void {
    this.#holding = undefined;
    this.#losesResponses = false;
    for (const passage of this.#passages) this.#decide(passage);
  }

  async close(): Promise<void> {
    for (const { client, server } of this.#passages) {
      client.destroy();
      server.destroy();
    }
    await new Promise((resolve) => this.listener.close(resolve));
    noteClosed(this);
  }

  #open(client: Socket): void {
    const passage: Passage = { client, server: connect(this.target, '127.0.0.1'), said: '', held: false };
    const { server } = passage;
    this.#passages.add(passage);
    this.#opened += 1;
    client.on('data', (bytes) => {
      if (passage.said.length < 4096) passage.said += bytes.toString('latin1');
      this.#decide(passage);
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (!this.#losesResponses) client.write(bytes);
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.on('error', () => undefined); // `close` follows
      socket.on('close', () => {
        this.#passages.delete(passage);
        other.destroy();
      });
    }
    this.#decide(passage);
  }

  #decide(passage: Passage): void {
    const hold = this.#holding !== undefined && passage.said.includes(this.#holding);
    if (hold === passage.held) return;
    passage.held = hold;
    for (const socket of [passage.client, passage.server]) socket[hold ? 'pause' : 'resume']();
  }
}
