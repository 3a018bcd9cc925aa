import { expect } from 'chai';
import { METHODS } from 'node:http';
import type { ProblemCode } from '../../src/problems/problem-codes.js';
import { RawConnection } from '../support/raw-connection.js';
import { expectProblem, expectWellFormed } from '../support/raw-expectations.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const live = 'GET /health/live HTTP/1.1\r\nHost: a\r\n';
const login = 'POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';
const json = 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n';
const long = 'a'.repeat(20_000);

/** Nothing after these can be read: each gets a response, and its connection ends. */
const refused: Readonly<Record<string, readonly [bytes: string, code: ProblemCode]>> = {
  'no Host': ['GET / HTTP/1.1\r\n\r\n', 'bad_request'],
  'two Hosts': ['GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n', 'bad_request'],
  'a Host with a space': ['GET / HTTP/1.1\r\nHost: a b\r\n\r\n', 'bad_request'],
  'a Host with a path': ['GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 'bad_request'],
  'a Host with a user': ['GET / HTTP/1.1\r\nHost: a@b\r\n\r\n', 'bad_request'],
  'another expectation': [`${live}Expect: a-miracle\r\n\r\n`, 'expectation_failed'],
  CONNECT: ['CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', 'method_not_allowed'],
  'CONNECT with a part of a body': [
    'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nContent-Length: 9\r\n\r\nab',
    'method_not_allowed',
  ],
  'HTTP/0.9': ['GET /\r\n\r\n', 'bad_request'],
  'HTTP/0.9, said': ['GET / HTTP/0.9\r\n\r\n', 'bad_request'],
  'HTTP/1.2': ['GET / HTTP/1.2\r\nHost: a\r\n\r\n', 'bad_request'],
  'HTTP/2.0': ['GET / HTTP/2.0\r\nHost: a\r\n\r\n', 'bad_request'],
  'HTTP/2’s preface': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'bad_request'],
  'HTTP/3.0': ['GET / HTTP/3.0\r\nHost: a\r\n\r\n', 'bad_request'],
  'a method that there is not': ['FOO / HTTP/1.1\r\nHost: a\r\n\r\n', 'bad_request'],
  'a method in small letters': ['get / HTTP/1.1\r\nHost: a\r\n\r\n', 'bad_request'],
  'a target without a path': ['GET * HTTP/1.1\r\nHost: a\r\n\r\n', 'bad_request'],
  'a URL without a host': ['GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n', 'bad_request'],
  'a URL with no port': ['GET http://a:b/ HTTP/1.1\r\nHost: a\r\n\r\n', 'bad_request'],
  'a URL of another scheme': ['GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n', 'bad_request'],
  'a byte in the path that is no ASCII': ['GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n', 'bad_request'],
  'NUL in the path': ['GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n', 'bad_request'],
  'NUL in a header': [`${live}X: a\0b\r\n\r\n`, 'bad_request'],
  'a bare CR in a header': [`${live}X: a\rb\r\n\r\n`, 'bad_request'],
  'bare LFs': ['GET / HTTP/1.1\nHost: a\n\n', 'bad_request'],
  'bare CRs': ['GET / HTTP/1.1\rHost: a\r\r', 'bad_request'],
  'a folded header': [`${live}X: a\r\n b\r\n\r\n`, 'bad_request'],
  'a space before the colon': [`${live}X : a\r\n\r\n`, 'bad_request'],
  'a length and chunks': [
    `${login}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX`,
    'bad_request',
  ],
  'chunks and a length': [
    `${login}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nX`,
    'bad_request',
  ],
  'the same length twice': [`${login}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}`, 'bad_request'],
  'two lengths': [`${login}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, 'bad_request'],
  'a list of lengths': [`${login}Content-Length: 2, 2\r\n\r\n{}`, 'bad_request'],
  'a length with a sign': [`${login}Content-Length: +2\r\n\r\n{}`, 'bad_request'],
  'a length beyond numbers': [`${login}Content-Length: 99999999999999999999\r\n\r\n{}`, 'bad_request'],
  'a negative length': [`${login}Content-Length: -1\r\n\r\n`, 'bad_request'],
  'an encoding that is almost chunked': [
    `${login}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    'bad_request',
  ],
  'an encoding after chunked': [
    `${login}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    'bad_request',
  ],
  'an encoding before chunked': [`${login}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 'bad_request'],
  'chunked twice': [
    `${login}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'bad_request',
  ],
  'chunks in HTTP/1.0': [`POST /login HTTP/1.0\r\n${json}\r\n2\r\n{}\r\n0\r\n\r\n`, 'bad_request'],
  'a chunk’s length that is none': [`${login}${json}\r\nzz\r\n{}\r\n0\r\n\r\n`, 'bad_request'],
  'a chunk longer than it says': [`${login}${json}\r\n1\r\n{}\r\n0\r\n\r\n`, 'bad_request'],
  'extensions of a chunk without end': [
    `${login}${json}\r\n2;${long}\r\n{}\r\n0\r\n\r\n`,
    'payload_too_large',
  ],
  'trailers without end': [`${login}${json}\r\n2\r\n{}\r\n0\r\nX: ${long}\r\n\r\n`, 'header_too_large'],
  'a path without end': [`GET /${long} HTTP/1.1\r\nHost: a\r\n\r\n`, 'header_too_large'],
  'a header without end': [`${live}X: ${long}\r\n\r\n`, 'header_too_large'],
  'very many headers': [`${live}${'a:\r\n'.repeat(4000)}\r\n`, 'header_too_large'],
};

/** Unusual but valid requests. */
const understood: Readonly<Record<string, readonly [bytes: string, ...statuses: number[]]>> = {
  'an empty Host': ['GET /health/live HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n', 200],
  'HTTP/1.0': ['GET /health/live HTTP/1.0\r\n\r\n', 200],
  'HTTP/1.0 that keeps its connection': [
    'GET /health/live HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /health/live HTTP/1.0\r\n\r\n',
    200,
    200,
  ],
  'a whole URL': [
    'GET http://elsewhere/health/live?a=b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    200,
  ],
  'a whole URL, percent-encoded': [
    'GET http://elsewhere/%ff HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    404,
  ],
  'OPTIONS for all': ['OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 404],
  'a path of slashes': ['GET //// HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 404],
  'a path with a fragment': ['GET /health/live#a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 200],
  'a path of no characters': ['GET /users/%ff HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 400],
  'an upgrade to WebSocket': [`${live}Connection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n`, 200],
  'an upgrade to HTTP/2': [
    `${live}Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n`,
    200,
  ],
  'Expect: 100-continue': [
    `${login}Connection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}`,
    100,
    422,
  ],
  trailers: [`${login}Connection: close\r\n${json.slice(32)}\r\n2\r\n{}\r\n0\r\nX: y\r\n\r\n`, 422],
  'four requests at once': [`${`${live}\r\n`.repeat(3)}${live}Connection: close\r\n\r\n`, 200, 200, 200, 200],
  'empty lines between requests': [`\r\n\r\n${live}\r\n\r\n\r\n${live}Connection: close\r\n\r\n`, 200, 200],
  'a request after a body that nobody read': [
    `POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nGET ${live}Connection: close\r\n\r\n`,
    404,
    200,
  ],
  'a range beyond the end': [
    'GET /docs/swagger-ui.css HTTP/1.1\r\nHost: a\r\nRange: bytes=99999999-\r\nConnection: close\r\n\r\n',
    200,
  ],
};

describe('Bytes on a connection', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start();
  });
  after(() => app.close());
  afterEach(() => app.get('/health/live').expect(200));

  for (const [what, [bytes, code]] of Object.entries(refused)) {
    it(`are refused, and the connection ends: ${what}`, async () => {
      const responses = await RawConnection.exchange(app.url, bytes);
      expect(responses).to.have.length(1);
      expectProblem(responses[0], code);
    });
  }

  for (const [what, [bytes, ...statuses]] of Object.entries(understood)) {
    it(`get a response: ${what}`, async () => {
      const responses = await RawConnection.exchange(app.url, bytes);
      for (const response of responses) expectWellFormed(response);
      expect(responses.map(({ status }) => status)).to.deep.equal(statuses);
    });
  }

  for (const method of METHODS.filter((each) => each !== 'CONNECT')) {
    it(`get a response with every method, on every kind of path: ${method}`, async () => {
      for (const path of ['/login', '/users/a', '/docs/', '/nothing', '/', '/oauth/token']) {
        const [response, ...more] = await RawConnection.exchange(
          app.url,
          `${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
        );
        expect(more).to.deep.equal([]);
        if (!response) expect.fail(`No response to ${method} ${path}.`);
        if (path !== '/oauth/token' || response.status === 404 || response.status === 405)
          expectWellFormed(response, method === 'HEAD');
      }
    });
  }

  it('get another response on a connection that had a request before', async () => {
    const connection = await RawConnection.open(app.url);
    const [first] = await connection.write(`${live}\r\n`).readResponses(1);
    expect(first?.headers).to.include({ connection: 'keep-alive', 'keep-alive': 'timeout=75' });
    const [, second] = await connection.write(`${live}X: ${long}\r\n\r\n`).readAllResponses();
    expectProblem(second, 'header_too_large');
    connection.destroy();
  });

  it('get no second response if the body is invalid after the response', async () => {
    const connection = await RawConnection.open(app.url);
    connection.write('POST /nothing HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    const [response] = await connection.readResponses(1);
    expect(response?.status).to.equal(404);
    expect(await connection.write('zz\r\n').readAllResponses()).to.have.length(1);
    connection.destroy();
  });

  for (const [what, after] of Object.entries({
    garbage: 'garbage\r\n\r\n',
    CONNECT: 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n',
    'another HTTP version': 'GET / HTTP/9.9\r\nHost: a\r\n\r\n',
  })) {
    it(`do not interrupt the response to the request before: ${what}`, async () => {
      const file = 'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n';
      const [whole] = await RawConnection.exchange(
        app.url,
        file.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'),
      );
      for (const pieces of [[file + after], [file, after]]) {
        const connection = await RawConnection.open(app.url);
        for (const piece of pieces) {
          connection.write(piece);
          if (pieces.length > 1) await connection.waitForBytes();
        }
        const [response] = await connection.readAllResponses();
        expect(response?.status).to.equal(200);
        expect(response?.text === whole?.text).to.equal(true);
        connection.destroy();
      }
    });
  }

  it('have their connection closed by the service alone, and later bytes are ignored', async () => {
    const connection = await RawConnection.open(app.url);
    connection.write('garbage\r\n\r\n');
    await connection.waitForEnd();
    const responses = await connection.write(`${live}\r\n`).readAllResponses();
    expect(responses.map(({ status }) => status)).to.deep.equal([400]);
    await until(async () => (await app.connections()) === 0);
    connection.destroy();
  });

  it('get responses in the order of their requests', async () => {
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n`;
    const responses = await RawConnection.exchange(
      app.url,
      `${get('/openapi.json')}\r\n${get('/nothing')}\r\n${get('/protected')}\r\n${get('/health/live')}Connection: close\r\n\r\n`,
    );
    expect(responses.map(({ status }) => status)).to.deep.equal([200, 404, 401, 200]);
  });

  it('have their connection closed where they are a thousand requests at once', async () => {
    const connection = await RawConnection.open(app.url);
    connection.write('GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1000));
    await connection.waitForEnd();
    connection.destroy();
  });
});
