import { expect } from 'chai';
import { adminPassword, TestApp } from '../support/test-app.js';

describe('The app', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start();
  });
  after(() => app.close());

  it('sends security headers with every response', async () => {
    for (const path of ['/health/live', '/protected', '/nothing', '/openapi.json']) {
      const { headers } = await app.get(path);
      expect(headers).to.include({
        'content-security-policy': "default-src 'none';frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'SAMEORIGIN',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers).not.to.have.property('x-powered-by');
    }
  });

  describe('as for Strict-Transport-Security', () => {
    const hsts = async (
      settings: Record<string, string>,
      proto?: string,
    ): Promise<(string | undefined)[]> => {
      const other = await TestApp.start({ settings });
      try {
        const values = [];
        for (const path of ['/health/live', '/protected', '/docs/', '/nothing']) {
          const request = other.get(path);
          const { headers } = await (proto === undefined ? request : request.set('X-Forwarded-Proto', proto));
          values.push(headers['strict-transport-security']);
        }
        return [...new Set(values)];
      } finally {
        await other.close();
      }
    };
    const trusting = { LATCHKEY_TRUSTED_PROXIES: 'loopback' };

    it('sends it over HTTPS alone, as reported by a trusted proxy, for this host', async () => {
      expect(await hsts({})).to.deep.equal([undefined]);
      expect(await hsts(trusting)).to.deep.equal([undefined]);
      expect(await hsts(trusting, 'http')).to.deep.equal([undefined]);
      expect(await hsts(trusting, 'https')).to.deep.equal(['max-age=31536000']);
    });

    it('ignores the report of anyone else', async () => {
      expect(await hsts({}, 'https')).to.deep.equal([undefined]);
      expect(await hsts({ LATCHKEY_TRUSTED_PROXIES: '192.0.2.1' }, 'https')).to.deep.equal([undefined]);
    });

    it('includes the subdomains with LATCHKEY_HSTS_INCLUDE_SUBDOMAINS', async () => {
      const settings = { ...trusting, LATCHKEY_HSTS_INCLUDE_SUBDOMAINS: 'true' };
      expect(await hsts(settings, 'https')).to.deep.equal(['max-age=31536000; includeSubDomains']);
      expect(await hsts(settings)).to.deep.equal([undefined]);
    });
  });

  it('lets no response be stored, except the contract and the docs', async () => {
    for (const path of ['/health/live', '/protected', '/nothing'])
      expect((await app.get(path)).get('Cache-Control')).to.equal('no-store');
    for (const path of ['/openapi.json', '/docs/'])
      expect((await app.get(path)).get('Cache-Control')).to.equal('no-cache');
  });

  describe('as for other origins (CORS)', () => {
    const origin = 'https://app.example.com';
    const corsHeaders = (headers: object): string[] =>
      Object.keys(headers).filter((name) => name.startsWith('access-control-'));

    it('sends no CORS headers by default', async () => {
      for (const response of [
        await app.get('/health/live').set('Origin', origin),
        await app
          .request('options', '/login')
          .set('Origin', origin)
          .set('Access-Control-Request-Method', 'POST'),
      ])
        expect(corsHeaders(response.headers)).to.be.empty;
    });

    describe('with LATCHKEY_CORS_ORIGINS', () => {
      let open: TestApp;
      before(async () => {
        open = await TestApp.start({
          settings: { LATCHKEY_CORS_ORIGINS: `${origin}, https://other.example.com` },
        });
      });
      after(() => open.close());

      it('allows the named origins, with the headers that a client needs, on errors too', async () => {
        for (const path of ['/health/live', '/protected', '/nothing']) {
          const { headers } = await open.get(path).set('Origin', origin);
          expect(headers).to.include({
            'access-control-allow-origin': origin,
            'access-control-expose-headers': 'X-Request-Id,WWW-Authenticate,Retry-After,RateLimit,ETag',
          });
          expect(headers['vary']).to.match(/^Origin(, Accept)?$/);
          expect(headers).not.to.have.property('access-control-allow-credentials');
        }
      });

      it('responds to their preflight requests', async () => {
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

      it('allows no other origin', async () => {
        const { headers } = await open.get('/health/live').set('Origin', 'https://evil.example.com');
        expect(headers).not.to.have.property('access-control-allow-origin');
      });
    });

    describe('with cookies', () => {
      let open: TestApp;
      before(async () => {
        open = await TestApp.start({
          settings: {
            LATCHKEY_CORS_ORIGINS: origin,
            JWT_TOKEN_LOCATION: 'headers, cookies',
            JWT_ACCESS_CSRF_HEADER_NAME: 'X-Own-Access',
            JWT_REFRESH_CSRF_HEADER_NAME: 'X-Own-Refresh',
          },
        });
      });
      after(() => open.close());

      it('allows credentials to the named origins, and keeps caches from mixing up origins', async () => {
        const login = open.post('/login/cookies', { username: 'admin', password: adminPassword });
        for (const test of [
          login.expect(200),
          open.get('/me').expect(401),
          open.get('/nothing').expect(404),
        ]) {
          const { headers } = await test.set('Origin', origin);
          expect(headers).to.include({
            'access-control-allow-origin': origin,
            'access-control-allow-credentials': 'true',
          });
          expect(headers['vary']).to.match(/^Origin(, Accept)?$/);
          expect(headers['access-control-expose-headers']).not.to.include('*');
        }
      });

      it('responds to a preflight request for the CSRF headers of the settings', async () => {
        const preflight = open.request('options', '/refresh/cookies').set('Origin', origin);
        const { headers } = await preflight
          .set('Access-Control-Request-Method', 'POST')
          .set('Access-Control-Request-Headers', 'content-type,x-own-access,x-own-refresh')
          .expect(204);
        expect(headers).to.include({
          'access-control-allow-origin': origin,
          'access-control-allow-credentials': 'true',
          'access-control-allow-headers': 'content-type,x-own-access,x-own-refresh',
        });
        expect(headers['vary']).to.include('Origin');
      });

      it('lets no other origin read anything', async () => {
        for (const other of [
          'https://evil.example.com',
          'null',
          `${origin}.evil.example.com`,
          origin.toUpperCase(),
        ]) {
          const { headers } = await open.get('/me').set('Origin', other);
          expect(headers, other).not.to.have.property('access-control-allow-origin');
          expect(headers, other).to.include({ vary: 'Origin' });
        }
      });

      for (const origins of ['*', `${origin}, *`]) {
        it(`allows no credentials with "${origins}"`, async () => {
          const any = await TestApp.start({
            settings: { LATCHKEY_CORS_ORIGINS: origins, JWT_TOKEN_LOCATION: 'cookies' },
          });
          try {
            const { headers } = await any.get('/health/live').set('Origin', origin);
            expect(headers).to.include({ 'access-control-allow-origin': '*' });
            expect(headers).not.to.have.property('access-control-allow-credentials');
          } finally {
            await any.close();
          }
        });
      }
    });

    it('allows any origin with *', async () => {
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
