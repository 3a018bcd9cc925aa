import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { noteClosed, noteOpened } from './opened.js';

interface Passage {
  readonly client: Socket;
  readonly server: Socket;
  /** What the client has said first. */
  said: string;
  held: boolean;
}

/** Stands between the service and its database, and lets nothing through when it is told to: a network that is gone. */
export class TcpProxy {
  readonly #passages = new Set<Passage>();
  /** Connections that say this are held; undefined: none is. */
  #holding: string | undefined;
  #losesAnswers = false;
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

  /** To the same database through this. */
  urlFor(url: string): string {
    const { port } = this.listener.address() as AddressInfo;
    const through = new URL(url);
    through.port = String(port);
    return through.href;
  }

  /** How many connections were made to it so far. */
  get opened(): number {
    return this.#opened;
  }

  /** From now on nothing comes through: on any connection, or on those alone whose client has said a certain thing. */
  hold(saying = ''): void {
    this.#holding = saying;
    for (const passage of this.#passages) this.#decide(passage);
  }

  /** From now on what is asked comes through, and what is answered is lost. */
  loseAnswers(): void {
    this.#losesAnswers = true;
  }

  release(): void {
    this.#holding = undefined;
    this.#losesAnswers = false;
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
      if (!this.#losesAnswers) client.write(bytes);
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.on('error', () => undefined); // its end follows
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
