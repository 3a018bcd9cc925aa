import { connect, type Socket } from 'node:net';
import type { RawResponse } from './raw-request.js';

/**
 * A TCP connection to the service, on which a test writes raw bytes. This side closes it only by
 * `destroy`.
 */
export class RawConnection {
  readonly #socket: Socket;
  readonly #ended: Promise<void>;
  #toHead = false;
  /** The received bytes as Latin-1: one character a byte. */
  received = '';
  /** Whether the service has closed it, and */
  hasEnded = false;
  /** whether by a reset. */
  wasReset = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1').on('data', (text: string) => (this.received += text));
    socket.on('error', () => (this.wasReset = true));
    this.#ended = new Promise((resolve) => {
      for (const event of ['end', 'close']) {
        socket.once(event, () => {
          this.hasEnded = true;
          resolve();
        });
      }
    });
  }

  static open(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true }, () => {
        socket.off('error', reject);
        resolve(new RawConnection(socket));
      });
      socket.once('error', reject);
    });
  }

  /** Sends bytes on a connection of their own, and reads what comes until the service ends it. */
  static async exchange(url: string, bytes: string): Promise<RawResponse[]> {
    const connection = await RawConnection.open(url);
    try {
      return await connection.write(bytes).readAllResponses();
    } finally {
      connection.destroy();
    }
  }

  write(bytes: string): this {
    this.#toHead ||= bytes.startsWith('HEAD ');
    this.#socket.write(bytes, 'latin1');
    return this;
  }

  /** Stops reading, so that the kernel's buffers fill. */
  stopReading(): this {
    this.#socket.pause();
    return this;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Resolves when the service ended it. */
  waitForEnd(): Promise<void> {
    return this.#ended;
  }

  /** Resolves when something has come, or the service ended it. */
  async waitForBytes(): Promise<void> {
    if (this.received === '' && !this.hasEnded) await this.#news();
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      const tell = (): void => {
        this.#socket.off('data', tell).off('close', tell);
        resolve();
      };
      this.#socket.on('data', tell).on('close', tell);
    });
  }

  /** All responses until the service closed the connection. */
  async readAllResponses(): Promise<RawResponse[]> {
    await this.#ended;
    return parseResponses(this.received, { toHead: this.#toHead });
  }

  /** Resolves when this many complete responses have come; the connection may stay open. */
  async readResponses(count: number): Promise<RawResponse[]> {
    for (;;) {
      const responses = parseResponses(this.received, { partly: true, toHead: this.#toHead });
      if (responses.length >= count || this.hasEnded) return responses;
      await this.#news();
    }
  }
}

interface Parsing {
  /** Whether the last response may be incomplete; it is left out then. */
  readonly partly?: boolean;
  /** Whether they are responses to HEAD, which have no body. */
  readonly toHead?: boolean;
}

/** Parses responses strictly by RFC 9112. */
function parseResponses(bytes: string, { partly = false, toHead = false }: Parsing): RawResponse[] {
  const responses: RawResponse[] = [];
  for (let rest = bytes; rest !== '';) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) {
      if (partly) return responses;
      throw new Error(`Not the head of a response: ${JSON.stringify(rest.slice(0, 300))}`);
    }
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n');
    const status = /^HTTP\/1\.1 ([1-5]\d\d) [\x20-\x7e]*$/.exec(statusLine)?.[1];
    if (status === undefined) throw new Error(`Not a status line: ${JSON.stringify(statusLine)}`);
    const headers: Record<string, string> = {};
    for (const line of lines) {
      const [, name, value] = /^([\w!#$%&'*+.^`|~-]+): ?([\x20-\x7e\x80-\xff]*)$/.exec(line) ?? [];
      if (name === undefined || value === undefined) throw new Error(`Not a header: ${JSON.stringify(line)}`);
      headers[name.toLowerCase()] = value;
    }
    rest = rest.slice(end + 4);
    const hasBody = !toHead && Number(status) >= 200 && status !== '204' && status !== '304';
    const length = hasBody ? bodyLength(headers, rest) : { body: '', taken: 0 };
    if (!length) {
      if (partly) return responses;
      throw new Error(`The body is shorter than it says: ${JSON.stringify(rest.slice(0, 300))}`);
    }
    responses.push({ status: Number(status), headers, text: length.body });
    rest = rest.slice(length.taken);
  }
  return responses;
}

function bodyLength(
  headers: Readonly<Record<string, string>>,
  rest: string,
): { readonly body: string; readonly taken: number } | undefined {
  if (headers['transfer-encoding'] === 'chunked') return readChunks(rest);
  if (headers['content-length'] === undefined) return { body: rest, taken: rest.length };
  const length = Number(headers['content-length']);
  return rest.length < length ? undefined : { body: rest.slice(0, length), taken: length };
}

function readChunks(rest: string): { readonly body: string; readonly taken: number } | undefined {
  let body = '';
  for (let at = 0; ;) {
    const end = rest.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const size = Number.parseInt(rest.slice(at, end), 16);
    if (rest.length < end + 2 + size + 2) return undefined;
    body += rest.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
    if (size === 0) return { body, taken: at };
  }
}
