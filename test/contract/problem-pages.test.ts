import { expect } from 'chai';
import { problemCodes } from '../../src/problems/problem-codes.js';
import { TestApp } from '../support/test-app.js';

describe('GET /problems/{code}', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start();
  });
  after(() => app.close());

  it('is where the type of a problem leads', async () => {
    const { body } = await app.get('/protected').expect(401);
    const { pathname } = new URL((body as { type: string }).type);
    expect(pathname).to.equal('/problems/authentication_required');
    await app.get(pathname).expect(200);
  });

  for (const [code, { title, status, meaning, remedy }] of Object.entries(problemCodes)) {
    it(`says what ${code} means and what to do`, async () => {
      const { text } = await app.get(`/problems/${code}`).expect(200);
      for (const part of [title, code, String(status), meaning, remedy]) {
        expect(text).to.include(part.replaceAll('&', '&amp;').replaceAll('<', '&lt;'));
      }
      expect(meaning).to.match(/^[A-Z].*\.$/);
      expect(remedy).to.match(/^[A-Z].*\.$/);
    });
  }

  it('is a page that loads nothing but its own style, and may be cached', async () => {
    const { headers } = await app.get('/problems/busy').expect(200);
    expect(headers['content-type']).to.equal('text/html; charset=utf-8');
    expect(headers['content-security-policy']).to.match(
      /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]+'; frame-ancestors 'none'$/,
    );
    expect(headers['cache-control']).to.equal('public, max-age=3600');
    await app
      .get('/problems/busy')
      .set('If-None-Match', headers['etag'] ?? '')
      .expect(304);
    expect(app.logged).to.deep.equal([]);
  });

  it('is 404 for a code that there is not', async () => {
    for (const code of ['no_such_code', 'constructor', '__proto__', 'to_string']) {
      const { body } = await app.get(`/problems/${code}`).expect(404);
      expect(body).to.include({ code: 'not_found', detail: `No problem has the code "${code}".` });
    }
  });

  it('is 422 for what cannot be one', async () => {
    const { body } = await app.get('/problems/%3Cscript%3E').expect(422);
    expect(body.errors).to.deep.equal({ code: "must be a problem's code: small letters and _" });
  });
});
