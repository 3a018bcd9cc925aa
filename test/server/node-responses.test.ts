import { expect } from 'chai';
import { sendRawRequest } from '../support/raw-request.js';
import { TestApp } from '../support/test-app.js';

describe('A response of Node.js before any middleware', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start();
  });
  after(() => app.close());

  for (const [what, head, status] of [
    ['a request without Host', 'GET / HTTP/1.1\r\n', 400],
    ['an expectation other than 100-continue', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: a-miracle\r\n', 417],
  ] as const) {
    it(`has its own request id, and the process keeps running: ${what}`, async () => {
      const ids = [];
      for (let time = 0; time < 2; time += 1) {
        const response = await sendRawRequest(app.url, `${head}Connection: close\r\n\r\n`);
        expect(response.status).to.equal(status);
        expect(response.headers).to.include({ 'cache-control': 'no-store' });
        expect(response.headers['x-request-id']).to.match(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
        ids.push(response.headers['x-request-id']);
      }
      expect(new Set(ids).size).to.equal(2);
      await app.get('/health/live').expect(200);
    });
  }
});
