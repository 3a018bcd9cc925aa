import { expect } from 'chai';
import { problemCodes } from '../../src/problems/problem-codes.js';
import { rawRequest } from '../support/raw-request.js';
import { TestApp } from '../support/test-app.js';

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
      const { status, headers, text } = await rawRequest(app.url, bytes);
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
    const { text } = await rawRequest(
      app.url,
      'GET /health/live HTTP/1.1\r\nHost: a\r\n\r\nthis is no request\r\n\r\n',
    );
    expect(text).to.equal('{"status":"ok"}');
  });
});
