import { expect } from 'chai';
import { problemCodes } from '../../src/problems/problem-codes.js';
import { TestApp } from '../support/test-app.js';

describe('GET /problems/{code}', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start();
  });
  after(() => app.close());

  it('is the page that the type of a problem links to', async () => {
    const { body } = await app.get('/protected').expect(401);
    const { pathname } = new URL((body as { type: string }).type);
    expect(pathname).to.equal('/problems/authentication_required');
    await app.get(pathname).expect(200);
  });

  for (const [code, { title, status, meaning, remedy }] of Object.entries(problemCodes)) {
    it(`says what ${code} means and what to do`, async () => {
      const text = readText((await app.get(`/problems/${code}`).expect(200)).text);
      for (const part of [title, code, String(status), meaning, remedy]) expect(text).to.include(part);
      expect(meaning).to.match(/^[A-Z].*\.$/);
      expect(remedy).to.match(/^[A-Z].*\.$/);
    });
  }

  it('links the operations that respond with it, in Swagger UI', async () => {
    const { text } = await app.get('/problems/invalid_credentials').expect(200);
    expect(text).to.include('<a href="../docs/#/Sessions/login"><code>POST /login</code></a> Log in');
    const { text: other } = await app.get('/problems/user_session_required').expect(200);
    expect(other).to.include('<a href="../docs/#/Own%20account/getMe"><code>GET /me</code></a>');
  });

  it('links the operations in its texts', async () => {
    const { text } = await app.get('/problems/session_not_found').expect(200);
    expect(text).to.include(
      'List the sessions with <a href="../docs/#/Sessions/listSessions"><code>GET /sessions</code></a>.',
    );
  });

  it('says where any operation, or none in the contract, responds with it', async () => {
    expect((await app.get('/problems/internal_error')).text).to.include('Any operation may');
    expect((await app.get('/problems/request_timeout')).text).to.include('None of the contract');
  });

  it('loads only the service’s stylesheet and logo, and is cacheable', async () => {
    const { headers, text } = await app.get('/problems/busy').expect(200);
    expect(headers['content-type']).to.equal('text/html; charset=utf-8');
    expect(headers['content-security-policy']).to.equal(
      "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(text).not.to.match(/<script|<style|\sstyle=|\son[a-z]+=/);
    expect(headers['cache-control']).to.equal('public, max-age=3600');
    await app
      .get('/problems/busy')
      .set('If-None-Match', headers['etag'] ?? '')
      .expect(304);
    expect(app.logged).to.deep.equal([]);
  });

  it('is 404 for an unknown code', async () => {
    for (const code of ['no_such_code', 'constructor', '__proto__', 'to_string']) {
      const { body } = await app.get(`/problems/${code}`).expect(404);
      expect(body).to.include({ code: 'not_found', detail: `No problem has the code "${code}".` });
    }
  });

  it('is a 404 page in a browser for an unknown code', async () => {
    for (const [code, status] of [
      ['no_such_code', 404],
      ['%3Cscript%3E', 422],
    ] as const) {
      const { headers, text } = await app.get(`/problems/${code}`).set('Accept', 'text/html').expect(status);
      expect(headers['content-type']).to.equal('text/html; charset=utf-8');
      expect(text).to.include('<link rel="stylesheet" href="../docs/style.css">').and.not.include('<script');
    }
  });

  it('is 422 for a malformed code', async () => {
    const { body } = await app.get('/problems/%3Cscript%3E').expect(422);
    expect(body.errors).to.deep.equal({ code: "must be a problem's code: small letters and _" });
  });
});

describe('GET /problems', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start();
  });
  after(() => app.close());

  it('lists every problem with its meaning and a link to its page', async () => {
    const { text, headers } = await app.get('/problems').expect(200);
    expect(headers['content-type']).to.equal('text/html; charset=utf-8');
    for (const [code, { title, meaning }] of Object.entries(problemCodes)) {
      expect(text).to.include(`<a href="./problems/${code}"><code>${code}</code></a> ${title}`);
      expect(readText(text)).to.include(meaning);
    }
  });

  it('groups the problems by status', async () => {
    const { text } = await app.get('/problems').expect(200);
    const statuses = [...text.matchAll(/<h2>(\d+) [A-Z]/g)].map(([, status]) => Number(status));
    expect(statuses).to.deep.equal([...new Set(statuses)].sort((a, b) => a - b));
  });

  it('is the target of a relative redirect from /problems/', async () => {
    expect((await app.get('/problems/').expect(308)).get('Location')).to.equal('../problems');
  });

  it('is cacheable, with 304 for the same ETag', async () => {
    const { headers } = await app.get('/problems').expect(200);
    expect(headers['cache-control']).to.equal('public, max-age=3600');
    await app
      .get('/problems')
      .set('If-None-Match', headers['etag'] ?? '')
      .expect(304);
  });
});

/** What a page says, without its tags. */
function readText(page: string): string {
  return page
    .replaceAll(/<[^>]+>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}
