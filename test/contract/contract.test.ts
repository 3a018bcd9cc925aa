import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parse } from 'yaml';
import { contractFiles, readContract } from '../../src/contract/read-contract.js';
import { TestApp } from '../support/test-app.js';

for (const [path, file, mediaType] of [
  ['/openapi.json', contractFiles.json, 'application/json; charset=utf-8'],
  ['/openapi-3.1.json', contractFiles.json31, 'application/json; charset=utf-8'],
  ['/openapi.yaml', contractFiles.yaml, 'application/yaml'],
] as const) {
  describe(`GET ${path}`, () => {
    let app: TestApp;
    let etag: string;
    before(async () => {
      app = await TestApp.start();
      etag = (await app.get(path)).get('ETag') ?? '';
    });
    after(() => app.close());

    it('is the contract as it was built, for anyone', async () => {
      const { text, headers } = await app.get(path).buffer(true).expect(200);
      expect(parse(text)).to.deep.equal(parse(readFileSync(file, 'utf8')));
      expect(headers).to.include({ 'cache-control': 'no-cache', 'content-type': mediaType });
    });

    it('has a strong ETag, always the same', async () => {
      expect(etag).to.match(/^"[A-Za-z0-9_-]{27}"$/);
      expect((await app.get(path)).get('ETag')).to.equal(etag);
    });

    for (const [what, header] of [
      ['its ETag', () => etag],
      ['its ETag as a proxy that compresses weakens it', () => `W/${etag}`],
      ['its ETag among others', () => `"other", ${etag}`],
      ['any', () => '*'],
    ] as const) {
      it(`is 304, without a body, to who has ${what} (RFC 9110 §13.1.2)`, async () => {
        const { text, headers } = await app.get(path).set('If-None-Match', header()).expect(304);
        expect(app.logged).to.deep.equal([]);
        expect(text).to.equal('');
        expect(headers).to.include({ etag, 'cache-control': 'no-cache' });
      });
    }

    it('is 200 to who has another', async () => {
      await app.get(path).set('If-None-Match', '"other"').expect(200);
    });
  });
}

describe('The contract as YAML', () => {
  it('is the same document', () => {
    expect(parse(readFileSync(contractFiles.yaml, 'utf8'))).to.deep.equal(readContract().document);
  });
});
