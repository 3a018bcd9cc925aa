import { expect } from 'chai';
import { TestApp } from '../support/test-app.js';

describe('Swagger UI', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start();
  });
  after(() => app.close());

  it('is at /docs/, to which /docs leads by a relative path, as there may be a prefix before it', async () => {
    expect((await app.get('/docs').expect(308)).get('Location')).to.equal('docs/');
    const { text, headers } = await app.get('/docs/').expect(200);
    expect(headers['content-type']).to.equal('text/html; charset=utf-8');
    expect(text).to.include('<title>Latchkey</title>');
  });

  it('has a policy that lets in its own files alone, and no script in the page', async () => {
    const { text, headers } = await app.get('/docs/').expect(200);
    expect(headers['content-security-policy']).to.equal(
      "default-src 'none';script-src 'self';style-src 'self' 'unsafe-inline';img-src 'self' data:;font-src 'self';connect-src 'self';base-uri 'none';form-action 'none';frame-ancestors 'none'",
    );
    for (const [, content] of text.matchAll(/<script[^>]*>([^]*?)<\/script>/g))
      expect(content?.trim()).to.equal('');
  });

  it('finds each file that its page names', async () => {
    const { text } = await app.get('/docs/').expect(200);
    const files = [...text.matchAll(/(?:src|href)="(\.\/)?([^"]+)"/g)].map(([, , file]) => file ?? '');
    expect(files).to.include.members(['swagger-ui.css', 'swagger-ui-bundle.js', 'swagger-ui-init.js']);
    for (const file of files) {
      const { headers } = await app.get(`/docs/${file}`).expect(200);
      expect(headers['cache-control']).to.equal('no-cache');
      expect(headers['x-content-type-options']).to.equal('nosniff');
    }
  });

  it('reads the served contract, keeps the authorization, tries out, and tells no validator', async () => {
    const { text } = await app.get('/docs/swagger-ui-init.js').expect(200);
    for (const option of [
      '"url": "../openapi.json"',
      '"persistAuthorization": true',
      '"tryItOutEnabled": true',
      '"validatorUrl": null',
    ])
      expect(text).to.include(option);
    expect(text).to.include('"responseInterceptor": function authorizeByAnswer');
  });
});
