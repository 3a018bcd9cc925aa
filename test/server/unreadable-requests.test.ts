import { text as textParser, type Request, type RequestHandler } from 'express';
import { Middlewares } from '@tsoa/runtime';
import { expect } from 'chai';
import { problemCodes } from '../../src/problems/problem-codes.js';
import type { Operation } from '../../src/server/operations.js';
import { RawConnection } from '../support/raw-connection.js';
import { sendRawRequest } from '../support/raw-request.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

describe('Bytes that are not an HTTP request', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start();
  });
  after(() => app.close());

  for (const [what, bytes, code] of [
    ['a text', 'hello\r\n\r\n', 'bad_request'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'bad_request'],
    [
      'a header without a colon',
      'GET /protected HTTP/1.1\r\nHost: a\r\nAuthorization\r\n\r\n',
      'bad_request',
    ],
    [
      'two lengths',
      'POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
      'bad_request',
    ],
    [
      'a length beside chunks, as in request smuggling',
      'POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'bad_request',
    ],
    [
      'a header that is too large',
      `GET /protected HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${'x'.repeat(20_000)}\r\n\r\n`,
      'header_too_large',
    ],
  ] as const) {
    it(`get a problem as response: ${what}`, async () => {
      const { status, headers, text } = await sendRawRequest(app.url, bytes);
      const { title, detail, ...kind } = problemCodes[code];
      expect(status).to.equal(kind.status);
      expect(JSON.parse(text)).to.deep.equal({
        type: `http://latchkey.test/problems/${code}`,
        title,
        status,
        detail,
        code,
      });
      expect(headers).to.include({
        'content-type': 'application/problem+json; charset=utf-8',
        'cache-control': 'no-store',
        connection: 'close',
      });
      expect(headers['x-request-id']).to.match(/^[0-9a-f-]{36}$/);
    });
  }

  it('after a valid request close the connection without a second response', async () => {
    const { text } = await sendRawRequest(
      app.url,
      'GET /health/live HTTP/1.1\r\nHost: a\r\n\r\nthis is no request\r\n\r\n',
    );
    expect(text).to.equal('{"status":"ok"}');
  });
});

describe('A body that does not arrive', () => {
  /** How the middleware of each operation has ended. */
  const ended = new Map<string, unknown>();
  const noting =
    (read: (request: Request, response: Parameters<RequestHandler>[1]) => Promise<unknown>): RequestHandler =>
    (request, response, next) => {
      read(request, response).then(
        () => {
          ended.set(request.path, undefined);
          next();
        },
        (error: unknown) => {
          ended.set(request.path, error);
          next(error);
        },
      );
    };
  const iterate = noting(async (request) => {
    for await (const chunk of request) expect(chunk).to.be.an.instanceOf(Buffer);
  });
  const listen = noting(
    (request) =>
      new Promise((resolve, reject) => {
        request.on('data', () => undefined).once('end', resolve);
        request.once('error', reject);
      }),
  );
  const parseText: RequestHandler = textParser({ type: () => true });
  const parse = noting(
    (request, response) =>
      new Promise<void>((resolve, reject) => {
        void parseText(request, response, (error?: unknown) => {
          if (error instanceof Error) reject(error);
          else resolve();
        });
      }),
  );

  /** As a project has it: middleware of its own reads the body. */
  class ReadingController {
    @Middlewares(iterate)
    iterate(): null {
      return null;
    }
    @Middlewares(listen)
    listen(): null {
      return null;
    }
    @Middlewares(parse)
    parse(): null {
      return null;
    }
  }
  const handlers = ['iterate', 'listen', 'parse'] as const;
  const ownOperations = handlers.map((handler): Operation => ({
    ...{ method: 'post', path: `/own/${handler}`, controller: ReadingController, handler },
    ...{ parameters: {}, security: [], successStatus: 204 },
  }));

  let app: TestApp;
  let impatient: TestApp;
  before(async () => {
    app = await TestApp.start({ ownOperations });
    impatient = await TestApp.start({ ownOperations, settings: { LATCHKEY_REQUEST_TIMEOUT: '1s' } });
  });
  beforeEach(() => {
    ended.clear();
  });
  after(() => Promise.all([app.close(), impatient.close()]));

  const head = (handler: string): string => `POST /own/${handler} HTTP/1.1\r\nHost: a\r\n`;
  const errors = (): unknown[] => handlers.map((handler) => ended.get(`/own/${handler}`));
  for (const [what, bytes, status, open] of [
    ['has a wrong chunk', 'Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\nwrong\r\n', 400, () => app],
    ['stops', 'Content-Length: 9\r\n\r\nx', 408, () => impatient],
  ] as const) {
    it(`because it ${what} ends what reads it in a project's middleware`, async () => {
      const responses = await Promise.all(
        handlers.map((handler) => RawConnection.exchange(open().url, head(handler) + bytes)),
      );
      for (const [response, ...more] of responses)
        expect({ status: response?.status, more }).to.deep.equal({ status, more: [] });
      await until(() => ended.size === handlers.length);
      for (const error of errors()) expect(error).to.be.an.instanceOf(Error);
      expect(open().logged.filter(({ level }) => Number(level) >= 50)).to.deep.equal([]);
    });
  }

  it("because its client is gone ends what reads it in a project's middleware", async () => {
    const connections = await Promise.all(handlers.map(() => RawConnection.open(app.url)));
    for (const [index, handler] of handlers.entries())
      connections[index]?.write(`${head(handler)}Content-Length: 9\r\n\r\nx`);
    await until(async () => (await app.connections()) === handlers.length);
    for (const connection of connections) connection.destroy();
    await until(() => ended.size === handlers.length);
    for (const error of errors()) expect(error).to.be.an.instanceOf(Error);
  });
});
