import { expect } from 'chai';
import { readContract } from '../support/repository-contract.js';
import { TestApp } from '../support/test-app.js';

describe('GET /', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start();
  });
  after(() => app.close());

  const asPage = () => app.get('/').set('Accept', 'text/html,application/xhtml+xml,*/*;q=0.8');

  it('returns name, version and links as JSON', async () => {
    const { body, headers } = await app.get('/').expect(200);
    const { version } = readContract().document['info'] as { version: string };
    expect(body).to.deep.equal({
      name: 'Latchkey',
      version,
      documentation: '/docs/',
      contract: '/openapi.json',
      problems: '/problems',
      liveness: '/health/live',
      readiness: '/health/ready',
    });
    expect(headers).to.include({ vary: 'Accept', 'cache-control': 'no-cache' });
    for (const [name, path] of Object.entries(body as Record<string, string>)) {
      if (path.startsWith('/')) expect((await app.get(path)).status, name).to.equal(200);
    }
  });

  it('returns a page to a browser, with links that all work', async () => {
    const { text, headers } = await asPage().expect(200);
    expect(headers).to.include({ 'content-type': 'text/html; charset=utf-8', vary: 'Accept' });
    expect(headers['content-security-policy']).to.match(
      /^default-src 'none'; style-src 'self'; img-src 'self'; /,
    );
    expect(text).to.match(/<h1>Latchkey <small>\d+\.\d+\.\d+<\/small><\/h1>/);
    const links = [...text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link]) => link ?? '');
    expect(links).to.include.members(['./docs/', './openapi.json', './health/ready', './docs/style.css']);
    for (const link of links) {
      expect((await app.get(new URL(link, 'http://localhost/').pathname)).status, link).to.equal(200);
    }
  });

  it('has different ETags for JSON and for the page', async () => {
    const tags = [(await app.get('/')).get('ETag') ?? '', (await asPage()).get('ETag') ?? ''];
    expect(new Set(tags)).to.have.length(2);
    await app
      .get('/')
      .set('If-None-Match', tags[0] ?? '')
      .expect(304);
    await asPage()
      .set('If-None-Match', tags[1] ?? '')
      .expect(304);
    await app
      .get('/')
      .set('If-None-Match', tags[1] ?? '')
      .expect(200);
  });

  it('returns JSON unless the client prefers HTML', async () => {
    for (const accept of ['*/*', 'application/json', 'application/json, text/html', 'text/html;q=0.1, */*']) {
      await app.get('/').set('Accept', accept).expect('Content-Type', 'application/json; charset=utf-8');
    }
  });
});
