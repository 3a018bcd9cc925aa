import { expect } from 'chai';
import { TestApp } from '../support/test-app.js';

/** The files that the page refers to, and that those files refer to. */
const files = [
  'style.css',
  'page.css',
  'swagger-ui.css',
  'mark.svg',
  'page.js',
  'session.js',
  'swagger-ui-bundle.js',
  'swagger-ui-standalone-preset.js',
  'swagger-ui-init.js',
];

describe('Swagger UI', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start();
  });
  after(() => app.close());

  it('is at /docs/, to which /docs redirects by a relative path, because a proxy may add a prefix', async () => {
    expect((await app.get('/docs').expect(308)).get('Location')).to.equal('docs/');
    const { text, headers } = await app.get('/docs/').expect(200);
    expect(headers['content-type']).to.equal('text/html; charset=utf-8');
    expect(text).to.include('<title>Latchkey</title>');
  });

  it('has a policy that allows its own files alone, and no inline script or style', async () => {
    for (const path of ['/docs/', '/docs/page.js', '/docs/swagger-ui-bundle.js', '/docs/nothing.js']) {
      const { headers } = await app.get(path);
      expect(headers['content-security-policy']).to.equal(
        "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;font-src 'self';connect-src 'self';base-uri 'none';form-action 'none';frame-ancestors 'none'",
      );
    }
    const { text } = await app.get('/docs/').expect(200);
    for (const [, content] of text.matchAll(/<script[^>]*>([^]*?)<\/script>/g))
      expect(content?.trim()).to.equal('');
    expect(text).not.to.match(/<style|\sstyle=|\son[a-z]+=/);
  });

  it('serves each file that the page refers to, and each that those import', async () => {
    const named = async (path: string, pattern: RegExp): Promise<string[]> => {
      const { text } = await app.get(path).expect(200);
      return [...text.matchAll(pattern)].map(([, file]) => file ?? '');
    };
    const found = new Set(await named('/docs/', /(?:src|href)="\.\/([^"]+)"/g));
    for (const file of found) {
      const { headers } = await app.get(`/docs/${file}`).expect(200);
      expect(headers['x-content-type-options']).to.equal('nosniff');
      if (!file.startsWith('swagger-ui') && file.endsWith('.js')) {
        for (const imported of await named(`/docs/${file}`, /from '\.\/([^']+)'/g)) found.add(imported);
      }
    }
    expect([...found]).to.include.members(files);
  });

  it("reads the served contract, tries out operations, uses no validator, and stores no clients' secrets", async () => {
    const { text } = await app.get('/docs/swagger-ui-init.js').expect(200);
    for (const option of [
      '"url": "../openapi.json"',
      '"layout": "BaseLayout"',
      '"tryItOutEnabled": true',
      '"deepLinking": true',
      '"filter": true',
      '"defaultModelsExpandDepth": 0',
      '"validatorUrl": null',
    ])
      expect(text).to.include(option);
    expect(text).not.to.include('persistAuthorization');
  });

  describe('is cached', () => {
    for (const file of ['', ...files.filter((each) => each !== 'swagger-ui-init.js')]) {
      it(`as long as ${file || 'the page'} stays the same`, async () => {
        const { headers } = await app.get(`/docs/${file}`).expect(200);
        expect(headers['cache-control']).to.equal('no-cache');
        await app
          .get(`/docs/${file}`)
          .set('If-None-Match', headers['etag'] ?? '')
          .expect(304);
      });
    }

    it('except for its options, which are never cached', async () => {
      const { headers } = await app.get('/docs/swagger-ui-init.js').expect(200);
      expect(headers['cache-control']).to.equal('no-cache');
      expect(headers).not.to.have.property('etag');
    });
  });

  it('evaluates the preconditions of a request for a file (RFC 9110 §13.1)', async () => {
    const { headers } = await app.get('/docs/page.css').expect(200);
    for (const [name, value, status] of [
      ['If-Match', headers['etag'] ?? '', 200],
      ['If-Match', '*', 200],
      ['If-Match', '"other"', 412],
      ['If-Unmodified-Since', headers['last-modified'] ?? '', 200],
      ['If-Unmodified-Since', 'Sat, 01 Jan 2000 00:00:00 GMT', 412],
    ] as const) {
      const { body } = await app.get('/docs/page.css').set(name, value).expect(status);
      if (status === 412) expect(body).to.include({ code: 'precondition_failed' });
    }
  });

  for (const path of [
    '/docs/package.json',
    '/docs/oauth2-redirect.html',
    '/docs/absolute-path.js',
    '/docs/tsconfig.json',
    '/docs/..%2fmain.js',
    '/docs/Page.js',
    '/docs/nothing',
  ]) {
    it(`has nothing at ${path}`, async () => {
      const { body } = await app.get(path).expect(404);
      expect(body).to.include({ code: 'not_found' });
    });
  }

  for (const [path, status] of [
    ['/docs', 308],
    ['/docs/', 200],
    ...files.map((file) => [`/docs/${file}`, 200] as const),
  ] as const) {
    it(`responds to GET alone at ${path}`, async () => {
      await app.request('head', path).expect(status);
      const { body, headers } = await app.post(path).expect(405);
      expect(body).to.include({ code: 'method_not_allowed' });
      expect(headers['allow']).to.equal('GET, HEAD, OPTIONS');
      expect((await app.request('options', path).expect(204)).headers['allow']).to.equal(
        'GET, HEAD, OPTIONS',
      );
    });
  }
});
