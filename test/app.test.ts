import { expect } from 'chai';
import { TestApp } from './support/test-app.js';

describe('The app', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start();
  });
  after(() => app.close());

  it('sends security headers with whatever it answers', async () => {
    for (const path of ['/health/live', '/protected', '/nothing', '/openapi.json']) {
      const { headers } = await app.get(path);
      expect(headers).to.include({
        'content-security-policy': "default-src 'none';frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'SAMEORIGIN',
        'referrer-policy': 'no-referrer',
        'strict-transport-security': 'max-age=31536000; includeSubDomains',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers).not.to.have.property('x-powered-by');
    }
  });

  it('lets nobody store what it answers, but for the contract and the docs', async () => {
    for (const path of ['/health/live', '/protected', '/nothing'])
      expect((await app.get(path)).get('Cache-Control')).to.equal('no-store');
    for (const path of ['/openapi.json', '/docs/'])
      expect((await app.get(path)).get('Cache-Control')).to.equal('no-cache');
  });

  describe('as for other origins (CORS)', () => {
    const origin = 'https://app.example.com';
    const corsHeaders = (headers: object): string[] =>
      Object.keys(headers).filter((name) => name.startsWith('access-control-'));

    it('says nothing to them unless it is told to', async () => {
      for (const answer of [
        await app.get('/health/live').set('Origin', origin),
        await app
          .request('options', '/login')
          .set('Origin', origin)
          .set('Access-Control-Request-Method', 'POST'),
      ])
        expect(corsHeaders(answer.headers)).to.be.empty;
    });

    describe('with LATCHKEY_CORS_ORIGINS', () => {
      let open: TestApp;
      before(async () => {
        open = await TestApp.start({
          settings: { LATCHKEY_CORS_ORIGINS: `${origin}, https://other.example.com` },
        });
      });
      after(() => open.close());

      it('lets in those that are named, with the headers that a client needs, on errors too', async () => {
        for (const path of ['/health/live', '/protected', '/nothing']) {
          const { headers } = await open.get(path).set('Origin', origin);
          expect(headers).to.include({
            'access-control-allow-origin': origin,
            'access-control-expose-headers': 'X-Request-Id,WWW-Authenticate,Retry-After,RateLimit,ETag',
            vary: 'Origin',
          });
          expect(headers).not.to.have.property('access-control-allow-credentials');
        }
      });

      it('answers their preflight', async () => {
        const preflight = open.request('options', '/protected').set('Origin', origin);
        const { headers } = await preflight
          .set('Access-Control-Request-Method', 'GET')
          .set('Access-Control-Request-Headers', 'authorization')
          .expect(204);
        expect(headers).to.include({
          'access-control-allow-origin': origin,
          'access-control-allow-headers': 'authorization',
        });
        expect(headers['access-control-allow-methods']).to.include('GET');
      });

      it('lets in no other', async () => {
        const { headers } = await open.get('/health/live').set('Origin', 'https://evil.example.com');
        expect(headers).not.to.have.property('access-control-allow-origin');
      });
    });

    it('lets in any with *', async () => {
      const open = await TestApp.start({ settings: { LATCHKEY_CORS_ORIGINS: '*' } });
      try {
        const { headers } = await open.get('/health/live').set('Origin', 'https://anyone.example.com');
        expect(headers).to.include({ 'access-control-allow-origin': '*' });
      } finally {
        await open.close();
      }
    });
  });
});
