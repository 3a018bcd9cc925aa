import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { contractFiles } from '../../src/contract/read-contract.js';
import { TestApp } from '../support/test-app.js';

describe('GET /openapi.json', () => {
  let app: TestApp;
  let etag: string;
  before(async () => {
    app = await TestApp.start();
    etag = (await app.get('/openapi.json')).get('ETag') ?? '';
  });
  after(() => app.close());

  it('is the contract as it was built, for anyone', async () => {
    const { body, headers } = await app.get('/openapi.json').expect(200);
    expect(body).to.deep.equal(JSON.parse(readFileSync(contractFiles.json, 'utf8')));
    expect(headers).to.include({
      'cache-control': 'no-cache',
      'content-type': 'application/json; charset=utf-8',
    });
  });

  it('has a strong ETag, always the same', async () => {
    expect(etag).to.match(/^"[A-Za-z0-9_-]{27}"$/);
    expect((await app.get('/openapi.json')).get('ETag')).to.equal(etag);
  });

  for (const [what, header] of [
    ['its ETag', () => etag],
    ['its ETag as a proxy that compresses weakens it', () => `W/${etag}`],
    ['its ETag among others', () => `"other", ${etag}`],
    ['any', () => '*'],
  ] as const) {
    it(`is 304, without a body, to who has ${what} (RFC 9110 §13.1.2)`, async () => {
      const { text, headers } = await app.get('/openapi.json').set('If-None-Match', header()).expect(304);
      expect(text).to.equal('');
      expect(headers).to.include({ etag, 'cache-control': 'no-cache' });
    });
  }

  it('is 200 to who has another', async () => {
    await app.get('/openapi.json').set('If-None-Match', '"other"').expect(200);
  });
});
