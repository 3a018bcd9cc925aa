import { expect } from 'chai';
import express, { type RequestHandler } from 'express';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { createHttpServer, type HttpServer } from '../../src/server/http-server.js';
import { RawConnection } from '../support/raw-connection.js';
import { expectProblem, expectWellFormed } from '../support/raw-expectations.js';
import { until } from '../support/until.js';

type LogLine = Readonly<Record<string, unknown>>;

describe('The server on the port', () => {
  let logged: LogLine[];
  let server: Server;
  let serve: HttpServer['serve'];
  let url: string;

  beforeEach(() => start(100));
  afterEach(stop);

  async function start(maxConnections: number): Promise<void> {
    logged = [];
    const log = pino({}, { write: (line: string) => logged.push(JSON.parse(line) as LogLine) });
    const config = { requestTimeout: 1, keepAliveTimeout: 75, maxConnections };
    ({ server, serve } = createHttpServer({ config, log, issuer: () => 'http://latchkey.test' }));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  function stop(): void {
    server.closeAllConnections();
    server.close();
  }

  /** An app that handles each request like this. */
  function serveWith(handler: RequestHandler): void {
    const app = express();
    app.use(handler);
    serve(app);
  }
  const connections = (): Promise<number> =>
    new Promise((resolve) => {
      server.getConnections((_error, count) => {
        resolve(count);
      });
    });
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;

  describe('while the service starts', () => {
    it('responds that it is live', async () => {
      const [response] = await RawConnection.exchange(url, get('/health/live?probe'));
      expect(response).to.include({ status: 200, text: '{"status":"ok"}' });
      if (response) expectWellFormed(response);
    });

    it('responds that it is not ready, with Retry-After', async () => {
      for (const path of ['/', '/health/ready', '/login']) {
        const [response] = await RawConnection.exchange(url, get(path));
        expectProblem(response, 'not_ready');
        expect(response?.headers).to.include({ 'retry-after': '1' });
      }
    });

    for (const [bytes, code] of [
      ['GET / HTTP/1.1\r\n\r\n', 'bad_request'],
      ['garbage\r\n\r\n', 'bad_request'],
      ['GET / HTTP/1.1\r\nHost: a\r\nExpect: a-miracle\r\n\r\n', 'expectation_failed'],
      ['CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', 'method_not_allowed'],
      [`GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 'header_too_large'],
    ] as const) {
      it(`refuses unreadable requests as it does later: ${bytes.slice(0, 40).split('\r')[0] ?? ''} ${code}`, async () => {
        const [response] = await RawConnection.exchange(url, bytes);
        expectProblem(response, code);
      });
    }
  });

  it('responds in JSON when an app throws', async () => {
    serveWith(() => {
      throw new Error('a fault of the app');
    });
    const [response] = await RawConnection.exchange(url, get('/'));
    expect(response?.status).to.equal(500);
    expect(JSON.parse(response?.text ?? '')).to.include({ code: 'internal_error' });
    expect(logged).to.have.length(1);
  });

  it('closes the connection if an app fails in the middle of a response', async () => {
    serveWith((_request, response) => {
      response.write('a part');
      throw new Error('a fault of the app');
    });
    const connection = await RawConnection.open(url);
    await connection.write(get('/')).waitForEnd();
    expect(connection.received).not.to.include('\r\n0\r\n');
    connection.destroy();
  });

  it('waits for a slow request, responds with 408, and closes the connection', async () => {
    serveWith(express.text({ type: () => true }));
    const begun = [
      '',
      'GET / HT',
      'GET / HTTP/1.1\r\nHost: a\r\nAuth',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nab',
    ];
    const stopped = await Promise.all(begun.map(() => RawConnection.open(url)));
    for (const [index, bytes] of begun.entries()) stopped[index]?.write(bytes);
    const dripping = await RawConnection.open(url);
    dripping.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n');
    const drip = setInterval(() => dripping.write('a'), 100);
    try {
      for (const connection of [...stopped, dripping]) {
        const responses = await connection.readAllResponses();
        expect(responses).to.have.length(1);
        expectProblem(responses[0], 'request_timeout');
      }
      await until(async () => (await connections()) === 0);
    } finally {
      clearInterval(drip);
      for (const connection of [...stopped, dripping]) connection.destroy();
    }
  });

  it('closes the connection of a client that does not read its response', async () => {
    serveWith((_request, response) => {
      response.end('a'.repeat(64 * 1024 * 1024)); // more than the kernel buffers
    });
    const connection = await RawConnection.open(url);
    connection.write(get('/')).stopReading();
    await until(async () => (await connections()) === 1);
    await until(async () => (await connections()) === 0);
    connection.destroy();
  });

  it('closes a connection that waits for its client to make room for another one', async () => {
    stop();
    await start(2);
    serveWith((_request, response) => {
      response.end('a response');
    });
    const [silent, half] = [await RawConnection.open(url), await RawConnection.open(url)];
    half.write('GET / HTTP/1.1\r\n');
    for (let count = 0; count < 5; count += 1) {
      const [response] = await RawConnection.exchange(url, get('/'));
      expect(response?.text).to.equal('a response');
    }
    await silent.waitForEnd();
    silent.destroy();
    half.destroy();
  });

  it('closes excess connections if all others are being served, and logs that once a minute', async () => {
    stop();
    await start(2);
    const held: (() => void)[] = [];
    serveWith((_request, response) => {
      held.push(() => response.end('a response'));
    });
    const served: RawConnection[] = [];
    while (served.length < 2) {
      served.push((await RawConnection.open(url)).write(get('/')));
      await until(() => held.length === served.length);
    }
    for (let count = 0; count < 20; count += 1) {
      const tooMany = await RawConnection.open(url);
      await tooMany.write(get('/')).waitForEnd();
      expect(tooMany.received).to.equal('');
      tooMany.destroy();
    }
    expect(logged.map(({ msg }) => msg)).to.deep.equal([
      'connections were closed: LATCHKEY_MAX_CONNECTIONS are being served',
    ]);
    for (const end of held) end();
    for (const connection of served) {
      expect((await connection.readAllResponses()).map(({ text }) => text)).to.deep.equal(['a response']);
      connection.destroy();
    }
  });

  it('keeps running if connections cannot be accepted, and logs that once a minute', async () => {
    for (let count = 0; count < 20; count += 1)
      server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
    expect(logged.map(({ msg }) => msg)).to.deep.equal(['accepting connections failed']);
    const [response] = await RawConnection.exchange(url, get('/health/live?probe'));
    expect(response?.status).to.equal(200);
  });

  it('starts a pipelined request after the previous response was sent', async () => {
    let underWay = 0;
    let most = 0;
    serveWith((_request, response) => {
      underWay += 1;
      most = Math.max(most, underWay);
      setImmediate(() => {
        underWay -= 1;
        response.end('a response');
      });
    });
    const responses = await RawConnection.exchange(
      url,
      `${'GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20)}${get('/')}`,
    );
    expect(responses.map(({ text }) => text)).to.deep.equal(Array(21).fill('a response'));
    expect(most).to.equal(1);
  });

  it('starts no pipelined request before the client has read the previous response', async () => {
    let started = 0;
    serveWith((_request, response) => {
      started += 1;
      response.end('a'.repeat(64 * 1024 * 1024)); // more than the kernel buffers
    });
    const connection = await RawConnection.open(url);
    connection.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(3)).stopReading();
    await until(() => started > 0);
    await until(async () => (await connections()) === 0);
    expect(started).to.equal(1);
    connection.destroy();
  });

  it('closes a connection with too many queued requests', async () => {
    serveWith(() => undefined);
    const connection = await RawConnection.open(url);
    await connection.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(200)).waitForEnd();
    expect(connection.received).to.equal('');
    connection.destroy();
  });

  it('does not run queued requests after the client has disconnected', async () => {
    const seen: string[] = [];
    const held: (() => void)[] = [];
    serveWith(({ url: path }, response) => {
      seen.push(path);
      held.push(() => response.end());
    });
    const connection = await RawConnection.open(url);
    connection.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => seen.length > 0);
    connection.destroy();
    await until(async () => (await connections()) === 0);
    for (const end of held) end();
    const next = (await RawConnection.open(url)).write(get('/3'));
    await until(() => seen.length === 2);
    expect(seen).to.deep.equal(['/1', '/3']);
    next.destroy();
  });
});
