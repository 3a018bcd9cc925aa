import { expect } from 'chai';
import { pagePolicy } from '../../src/http/html-page.js';
import { readContract } from '../support/repository-contract.js';
import { TestApp } from '../support/test-app.js';

const methods = ['get', 'head', 'post', 'put', 'patch', 'delete', 'trace'] as const;

/** Every path that the service has, and with which methods. */
const { paths } = readContract().document as { paths: Record<string, object> };
const known = [
  ...Object.entries(paths),
  ['/docs', { get: {} }] as const,
  ['/docs/', { get: {} }] as const,
  ['/docs/page.css', { get: {} }] as const,
  ['/docs/swagger-ui-bundle.js', { get: {} }] as const,
  ['/docs/swagger-ui-init.js', { get: {} }] as const,
  ['/problems/', { get: {} }] as const,
].map(([path, operations]) => {
  const allowed = Object.keys(operations);
  return {
    path: path.replaceAll(/\{[^}]+\}/g, 'anything'),
    allowed: allowed.includes('get') ? [...allowed, 'head'] : allowed,
  };
});

describe('A request that no operation handles', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start();
  });
  after(() => app.close());

  for (const { path, allowed } of known) {
    const allow = [...allowed, 'options'].map((method) => method.toUpperCase()).sort();

    it(`gets 405 for any other method on ${path}, with the methods that there are`, async () => {
      for (const method of methods.filter((each) => !allowed.includes(each))) {
        const { headers, body } = await app.request(method, path).expect(405);
        expect(headers['allow']).to.equal(allow.join(', '));
        if (method !== 'head') expect(body).to.include({ code: 'method_not_allowed' });
      }
    });

    it(`gets 204 for OPTIONS on ${path}, with the methods that there are`, async () => {
      const { headers, text } = await app.request('options', path).expect(204);
      expect(headers['allow']).to.equal(allow.join(', '));
      expect(text).to.equal('');
    });
  }

  for (const path of [
    '/nothing',
    '/protected/',
    '/PROTECTED',
    '//protected',
    '/users/1/2',
    '/docs/nothing',
  ]) {
    it(`gets 404 for ${path}, whatever the method`, async () => {
      for (const method of ['get', 'post', 'delete', 'options'] as const) {
        const { body } = await app.request(method, path).expect(404);
        expect(body).to.include({ code: 'not_found' });
      }
    });
  }

  describe('from a browser', () => {
    /** As Firefox sends it. */
    const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    const inBrowser = (path: string, method: 'get' | 'post' | 'head' = 'get') =>
      app.request(method, path).set('Accept', accept);

    it('gets a page that says what is wrong and where to go from there', async () => {
      const { text, headers } = await inBrowser('/nothing').expect(404);
      expect(headers).to.include({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': pagePolicy,
        'cache-control': 'no-store',
        vary: 'Accept',
      });
      expect(text).to.include('<h1>Not found</h1>');
      for (const link of ['./', './docs/', './problems/not_found', './docs/style.css'])
        expect(text).to.include(`href="${link}"`);
      expect(text).to.include(headers['x-request-id'] ?? 'an id');
    });

    for (const [path, root] of [
      ['/a/b/nothing', '../../'],
      ['/users/1/2/', '../../../'],
      ['//protected', '../'],
      ['/docs/nothing', '../'],
      ['/nothing?a=/b/c', './'],
    ] as const) {
      it(`gets a page whose links work at ${path}`, async () => {
        const { text } = await inBrowser(path).expect(404);
        const links = [...text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link]) => link ?? '');
        expect(links).to.include(`${root}docs/`);
        for (const link of links) {
          const { status } = await app.get(new URL(link, `http://localhost${path}`).pathname);
          expect(status, link).to.equal(200);
        }
      });
    }

    it('gets a page for a wrong method, too', async () => {
      const { text, headers } = await inBrowser('/protected', 'post').expect(405);
      expect(headers['allow']).to.equal('GET, HEAD, OPTIONS');
      expect(text).to.include('<h1>Method not allowed</h1>').and.include('This path does not support POST.');
    });

    it('gets the page’s headers without its text for HEAD', async () => {
      const { headers } = await inBrowser('/nothing', 'head').expect(404);
      expect(headers['content-type']).to.equal('text/html; charset=utf-8');
    });

    it('gets JSON where there is an operation that responds with JSON', async () => {
      for (const path of ['/protected', '/users/1']) {
        const { body } = await inBrowser(path).expect(401);
        expect(body).to.include({ code: 'authentication_required' });
      }
    });
  });

  for (const accept of [
    'application/json',
    'application/problem+json',
    '*/*',
    'application/json, text/html',
    'text/html;q=0.5, application/json',
    'image/png',
    'nonsense',
  ]) {
    it(`gets problem+json for a client that accepts ${accept}`, async () => {
      const { body, headers } = await app.get('/nothing').set('Accept', accept).expect(404);
      expect(headers).to.include({
        'content-type': 'application/problem+json; charset=utf-8',
        vary: 'Accept',
      });
      expect(body).to.include({ code: 'not_found' });
    });
  }

  it('gets the response of GET without its body for HEAD', async () => {
    for (const [path, status] of [
      ['/health/live', 200],
      ['/openapi.json', 200],
      ['/docs/', 200],
      ['/', 200],
      ['/problems', 200],
      ['/protected', 401],
      ['/nothing', 404],
    ] as const) {
      const get = await app.get(path).expect(status);
      const head = await app.request('head', path).expect(status);
      expect(head.get('Content-Type')).to.equal(get.get('Content-Type'));
    }
  });
});
