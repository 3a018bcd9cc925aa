import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { expect } from 'chai';
import type { ChainedRow } from '../../src/audit/audit-list.store.js';
import { parseRetryAfter } from '../../src/audit-feed/outputs/retry-later.js';
import { createSyslogSender } from '../../src/audit-feed/outputs/syslog.js';
import { createWebhookSender } from '../../src/audit-feed/outputs/webhook.js';
import { systemClock } from '../../src/clock.js';
import { checkout } from '../support/checkout.js';

const rows = [1, 2, 3].map((sequence): ChainedRow => ({
  ...{ id: '0199f3c2-7f00-7b12-9d3e-5a6b7c8d9e0f', at: 0, event: 'login', count: 1, sequence },
  ...{ actor_kind: 'user', actor_id: 'a', actor_name: 'Zoë\n', target_kind: null, target: null },
  ...{ target_name: null, session_id: null, address: null, user_agent: null, request_id: null },
  ...{ details: null, last_at: null, hash: 'ab'.repeat(32) },
}));
const certificate = (name: string): string =>
  readFileSync(join(checkout, 'test/support/certificates', `${name}.pem`), 'utf8');
const never = new AbortController().signal;

/** The messages of a stream with octet counting (RFC 6587 §3.4.1). */
function readFrames(stream: Buffer): string[] {
  const messages: string[] = [];
  for (let at = 0; at < stream.length;) {
    const space = stream.indexOf(' ', at);
    const end = space + 1 + Number(stream.subarray(at, space).toString());
    messages.push(stream.subarray(space + 1, end).toString());
    at = end;
  }
  return messages;
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const receiving = (
  transport: 'tcp' | 'tls' | 'udp',
  port: number,
  options: Partial<Parameters<typeof createSyslogSender>[0]> & { readonly host?: string } = {},
) => {
  const { host = transport === 'tls' ? 'localhost' : '127.0.0.1', ...others } = options;
  const receiver = { transport, host, port };
  return createSyslogSender({
    receiver,
    format: 'rfc5424',
    framing: 'octet_counting',
    version: '1',
    ...others,
  });
};

describe('A syslog sender', () => {
  let received: Buffer[];
  let server: Server | undefined;
  const take = (socket: Socket): void => {
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    socket.on('error', () => undefined);
  };
  beforeEach(() => {
    received = [];
  });
  afterEach(() => server?.close());

  const expectAll = (): void => {
    const messages = readFrames(Buffer.concat(received));
    expect(messages.map((message) => /sequence="(\d)"/.exec(message)?.[1])).to.deep.equal(['1', '2', '3']);
  };

  it('sends over TCP, with octet counting, and is done when the receiver has closed', async () => {
    server = createTcpServer(take);
    await receiving('tcp', await listen(server)).send(rows, never);
    expectAll();
  });

  it('sends over TLS to a receiver whose certificate is trusted, and to no other', async () => {
    const refused: Error[] = [];
    server = createTlsServer({ key: certificate('server-key'), cert: certificate('server') }, take);
    server.on('tlsClientError', (error: Error) => refused.push(error));
    const port = await listen(server);
    const error = await receiving('tls', port)
      .send(rows, never)
      .catch((reason: unknown) => reason);
    expect(error)
      .to.have.property('code')
      .that.matches(/SELF_SIGNED|UNABLE_TO_VERIFY/);
    expect(received).to.deep.equal([]);
    const before = getCACertificates('default');
    setDefaultCACertificates([...before, certificate('authority')]);
    try {
      await receiving('tls', port).send(rows, never);
    } finally {
      setDefaultCACertificates(before);
    }
    expectAll();
  });

  it('writes lines where the receiver reads lines', async () => {
    server = createTcpServer(take);
    await receiving('tcp', await listen(server), { framing: 'newline' }).send(rows, never);
    const lines = Buffer.concat(received).toString().split('\n');
    expect(lines.map((line) => /^<109>1 .* sequence="(\d)"/.exec(line)?.[1])).to.deep.equal([
      ...['1', '2', '3'],
      undefined,
    ]);
    expect(lines.at(-1)).to.equal('');
  });

  for (const transport of ['tcp', 'tls'] as const) {
    it(`fails where the receiver closes first over ${transport}: it is being restarted, and what was on the way is lost`, async () => {
      // In order, and nothing is unread when it closes: the connection looks as after a whole batch.
      const closeEarly = (socket: Socket): void => {
        take(socket);
        socket.end();
      };
      const keys = { key: certificate('server-key'), cert: certificate('server') };
      server =
        transport === 'tcp'
          ? createTcpServer({ allowHalfOpen: true }, closeEarly)
          : createTlsServer({ ...keys, allowHalfOpen: true }, closeEarly);
      const before = getCACertificates('default');
      setDefaultCACertificates([...before, certificate('authority')]);
      try {
        const error = await receiving(transport, await listen(server))
          .send(rows, never)
          .catch((reason: unknown) => reason);
        expect(error).to.have.property('message').that.includes('before it had all messages');
      } finally {
        setDefaultCACertificates(before);
      }
    });
  }

  it('sends datagrams to IPv6, of 2,048 bytes at most', async function () {
    const socket = createSocket('udp6');
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.bind(0, '::1', resolve);
      });
    } catch {
      this.skip();
    }
    const message = once(socket, 'message');
    const long = rows
      .slice(0, 1)
      .map((row) => ({ ...row, details: JSON.stringify({ name: 'x'.repeat(3000) }) }));
    await receiving('udp', socket.address().port, { host: '::1' }).send(long, never);
    const [text] = (await message) as [Buffer];
    socket.close();
    expect(text.length).to.be.at.most(2048);
    expect(text.toString()).to.include('details="{\\"omitted\\":true}"');
  });

  it('fails over UDP where the machine says that nobody listens', async () => {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    socket.close();
    await once(socket, 'close');
    const error = await receiving('udp', port)
      .send(rows, never)
      .catch((reason: unknown) => reason);
    expect(error).to.have.property('code', 'ECONNREFUSED');
  });

  it('sends a datagram for each over UDP', async () => {
    const socket = createSocket('udp4');
    const messages: string[] = [];
    const all = new Promise<void>((resolve) => {
      socket.on('message', (message) => {
        messages.push(message.toString());
        if (messages.length === rows.length) resolve();
      });
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    await receiving('udp', socket.address().port).send(rows, never);
    await all;
    socket.close();
    expect(messages.every((message) => /^<109>1 .*actor_name="Zoë\\\\u000a"/.test(message))).to.equal(true);
  });

  it('fails where the receiver ends the connection before it has read everything', async () => {
    server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.resetAndDestroy();
    });
    const port = await listen(server);
    const error = await receiving('tcp', port)
      .send(rows, never)
      .catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(Error);
  });

  it('fails where nobody listens', async () => {
    const closed = createTcpServer();
    const port = await listen(closed);
    closed.close();
    await once(closed, 'close');
    const error = await receiving('tcp', port)
      .send(rows, never)
      .catch((reason: unknown) => reason);
    expect(error).to.have.property('code', 'ECONNREFUSED');
  });

  it('fails where the receiver does not close within the time limit, and where the process stops', async () => {
    server = createTcpServer({ allowHalfOpen: true }, take);
    const port = await listen(server);
    const late = await receiving('tcp', port, { timeout: 50 })
      .send(rows, never)
      .catch((reason: unknown) => reason);
    expect(late).to.have.property('message').that.includes('within the time limit');
    const stop = new AbortController();
    const sending = receiving('tcp', port).send(rows, stop.signal);
    stop.abort();
    expect(await sending.catch((reason: unknown) => reason)).to.be.instanceOf(Error);
  });
});

describe('A time to try again', () => {
  const now = Date.UTC(2026, 10, 30, 5);
  for (const [value, wait] of [
    ['120', 120_000],
    ['0', 0],
    ['Mon, 30 Nov 2026 05:00:07 GMT', 7000],
    ['Monday, 30-Nov-26 05:00:07 GMT', 7000],
    ['Mon, 30 Nov 2026 04:00:00 GMT', 0],
    ['-5', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['99999999999999999999', undefined],
    ['2027', 2_027_000],
    [null, undefined],
  ] as const) {
    it(`is ${wait ?? 'not known'} ms of "${value ?? 'nothing'}"`, () => {
      expect(parseRetryAfter(value, now)).to.equal(wait);
    });
  }
});

describe('A webhook', () => {
  it('fails where the receiver does not respond within the time limit', async () => {
    const silent = createTcpServer();
    const url = `http://127.0.0.1:${await listen(silent)}/`;
    const sender = createWebhookSender({ url, secrets: ['x'], timeout: 50 }, systemClock);
    const error = await sender.send(rows, never).catch((reason: unknown) => reason);
    expect(error).to.have.property('name', 'TimeoutError');
    silent.close();
  });
});
