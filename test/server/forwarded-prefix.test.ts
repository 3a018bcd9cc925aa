import { expect } from 'chai';
import { TestApp } from '../support/test-app.js';

describe('behind a proxy', () => {
  let trusting: TestApp;
  let other: TestApp;
  let alone: TestApp;
  before(async () => {
    trusting = await TestApp.start({ settings: { LATCHKEY_TRUSTED_PROXIES: 'loopback' } });
    other = await TestApp.start({ settings: { LATCHKEY_TRUSTED_PROXIES: '192.0.2.1' } });
    alone = await TestApp.start();
  });
  after(() => Promise.all([trusting, other, alone].map((app) => app.close())));

  const below = (app: TestApp, path: string, prefix: string) =>
    app.get(path).set('X-Forwarded-Prefix', prefix);
  const documents = ['/openapi.json', '/openapi-3.1.json', '/openapi.yaml'];
  /** The service's own server URL in each form of the contract; the issuer is before it. */
  const placesIn = async (app: TestApp, prefix: string): Promise<(string | undefined)[]> => {
    const found = [];
    for (const path of documents) {
      const { text } = await below(app, path, prefix).expect(200);
      const [, servers = ''] = /"?servers"?:([^]*?)"?(?:security|tags|paths)"?:/.exec(text) ?? [];
      const [first, place] = [...servers.matchAll(/"?url"?: ?"?([^"\n]+)/g)].map(([, url]) => url);
      expect(first).to.equal(app.services.issuer);
      found.push(place);
    }
    return found;
  };

  /** The start of the URLs in the landing page, as JSON and as HTML. */
  const rootsIn = async (app: TestApp, prefix: string): Promise<(string | undefined)[]> => {
    const { body } = await below(app, '/', prefix).expect(200);
    const { text } = await below(app, '/', prefix).set('Accept', 'text/html').expect(200);
    return [
      (body as { documentation: string }).documentation.replace('docs/', ''),
      /href="([^"]*)docs\/"/.exec(text)?.[1],
    ];
  };

  for (const [given, prefix] of [
    ['/auth', '/auth'],
    ['/auth/', '/auth'],
    ['/a/b-c/d_e~1.0', '/a/b-c/d_e~1.0'],
    ['/.well-known', '/.well-known'],
    [`/${'a'.repeat(199)}`, `/${'a'.repeat(199)}`],
  ] as const) {
    it(`that is trusted, everything is below ${given.slice(0, 20)}`, async () => {
      expect(await rootsIn(trusting, given)).to.deep.equal([`${prefix}/`, `${prefix}/`]);
      expect(await placesIn(trusting, given)).to.deep.equal([prefix, prefix, prefix]);
    });

    it(`that is not trusted, ${given.slice(0, 20)} is ignored`, async () => {
      for (const app of [other, alone]) {
        expect(await rootsIn(app, given)).to.deep.equal(['/', './']);
        expect(await placesIn(app, given)).to.deep.equal(['/', '/', '/']);
      }
    });
  }

  for (const given of [
    '',
    '/',
    '//',
    'auth',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'https://evil.example',
    '/auth//evil',
    '/..',
    '/../auth',
    '/auth/.',
    '/auth/../..',
    '/auth/%2e%2e',
    '/auth?x=1',
    '/auth#x',
    '/auth;x',
    '/auth, /other',
    '/"><script>alert(1)</script>',
    "/'",
    '/auth\tx',
    '/ä',
    '/{host}',
    `/${'a'.repeat(200)}`,
  ]) {
    it(`that is trusted, ${JSON.stringify(given.slice(0, 30))} is not a prefix`, async () => {
      const header = Buffer.from(given, 'utf8').toString('latin1');
      expect(await rootsIn(trusting, header)).to.deep.equal(['/', './']);
      expect(await placesIn(trusting, header)).to.deep.equal(['/', '/', '/']);
    });
  }

  it('two prefixes are ignored', async () => {
    const { body } = await trusting.get('/').set('X-Forwarded-Prefix', ['/auth', '/other'] as never);
    expect(body).to.include({ documentation: '/docs/' });
  });

  it('the contract has an ETag for each prefix', async () => {
    for (const path of documents) {
      const tags = new Set<string | undefined>();
      for (const prefix of ['', '/auth', '/other']) {
        const get = () => below(trusting, path, prefix);
        const { headers } = await get().expect(200);
        tags.add(headers['etag']);
        await get()
          .set('If-None-Match', headers['etag'] ?? '')
          .expect(304);
      }
      expect(tags).to.have.length(3);
    }
  });

  it('not-found pages link below the prefix', async () => {
    const { text } = await below(trusting, '/a/nothing', '/auth').set('Accept', 'text/html').expect(404);
    const links = [...text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link]) => link);
    expect(links.length).to.be.above(5);
    for (const link of links) expect(link).to.match(/^\/auth\//);
  });

  it("Swagger UI's page has relative links to its files", async () => {
    const { text } = await below(trusting, '/docs/', '/auth').expect(200);
    expect(text).to.equal((await alone.get('/docs/')).text);
    expect(text).not.to.match(/(src|href)="\//);
  });
});
