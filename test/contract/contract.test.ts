import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parse } from 'yaml';
import { contractFiles, readContract } from '../support/repository-contract.js';
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

    it('is the contract as it was built, for anyone, but for the address in its examples and its first server', async () => {
      const { text, headers } = await app.get(path).buffer(true).expect(200);
      const loadBuilt = readFileSync(file, 'utf8').replaceAll('http://127.0.0.1:3000', app.services.issuer);
      const { servers, ...rest } = parse(text) as { servers: readonly { url: string }[] };
      const [issuer, ...others] = servers;
      expect(issuer).to.include({ url: app.services.issuer });
      expect({ ...rest, servers: others }).to.deep.equal(parse(loadBuilt));
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
      it(`is 304, without a body, to a client that has ${what} (RFC 9110 §13.1.2)`, async () => {
        const { text, headers } = await app.get(path).set('If-None-Match', header()).expect(304);
        expect(app.logged).to.deep.equal([]);
        expect(text).to.equal('');
        expect(headers).to.include({ etag, 'cache-control': 'no-cache' });
      });
    }

    it('is 200 for another ETag', async () => {
      await app.get(path).set('If-None-Match', '"other"').expect(200);
    });
  });
}

describe('The examples of the contract', () => {
  for (const issuer of [
    'https://auth.example.org/sso',
    'https://[2001:db8::1]:8443',
    `https://a.example/"x'`,
  ]) {
    it(`name the address that serves them: ${issuer}`, async () => {
      const app = await TestApp.start({ settings: { LATCHKEY_ISSUER: issuer } });
      try {
        for (const path of ['/openapi.json', '/openapi-3.1.json', '/openapi.yaml']) {
          const { text } = await app.get(path).buffer(true).expect(200);
          const { components } = parse(text) as {
            readonly components: {
              readonly examples: { readonly busy: { readonly value: { readonly type: string } } };
              readonly schemas: { readonly AuthorizationServerMetadata: object };
            };
          };
          expect(components.examples.busy.value.type).to.equal(`${issuer}/problems/busy`);
          const metadata = JSON.stringify(components.schemas.AuthorizationServerMetadata);
          expect(metadata).to.include(JSON.stringify(`${issuer}/oauth/token`));
          expect(text).not.to.match(/127\.0\.0\.1|login\.example\.com/);
        }
      } finally {
        await app.close();
      }
    });
  }

  it('have an ETag for each address', async () => {
    const tags = new Set<string | undefined>();
    for (const issuer of ['https://a.example', 'https://b.example']) {
      const app = await TestApp.start({ settings: { LATCHKEY_ISSUER: issuer } });
      tags.add((await app.get('/openapi.json')).get('ETag'));
      await app.close();
    }
    expect(tags).to.have.length(2);
  });
});

describe('The contract as YAML', () => {
  it('is the same document', () => {
    expect(parse(readFileSync(contractFiles.yaml, 'utf8'))).to.deep.equal(readContract().document);
  });
});
