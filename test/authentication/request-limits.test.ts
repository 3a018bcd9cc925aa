import { expect } from 'chai';
import type { Test } from 'supertest';
import { readConfig } from '../../src/config/config.js';
import { RequestLimiter } from '../../src/authentication/request-limiter.js';
import { TestClock } from '../support/clock.js';
import { adminPassword, TestApp } from '../support/test-app.js';

describe('The limit on requests from one address', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await TestApp.start({
      settings: {
        LATCHKEY_TRUSTED_PROXIES: 'loopback',
        LATCHKEY_LOGIN_LIMIT: '3',
        LATCHKEY_REFRESH_LIMIT: '2',
      },
    });
  });
  afterEach(() => app.close());

  const login = (from: string): Test =>
    app.post('/login', { username: 'admin', password: adminPassword }).set('X-Forwarded-For', from);
  const refresh = (token: string, from: string): Test =>
    app.post('/refresh', { refresh_token: token }).set('X-Forwarded-For', from);

  async function expectRefused(request: Test): Promise<void> {
    const { body, headers } = await request.expect(429);
    expect(body).to.include({ code: 'too_many_requests' });
    expect(Number(headers['retry-after'])).to.be.within(1, 60);
  }

  it('refuses logins beyond it, right ones too, with Retry-After', async () => {
    for (let count = 0; count < 3; count += 1) await login('192.0.2.1').expect(200);
    await expectRefused(login('192.0.2.1'));
    await login('192.0.2.2').expect(200);
  });

  it('counts all addresses of an IPv6 /64 as one, and no other network with it', async () => {
    for (const address of ['2001:db8:0:1::1', '2001:db8:0:1:a::1', '2001:db8:0:1:ffff:ffff:ffff:ffff'])
      await login(address).expect(200);
    await expectRefused(login('2001:db8:0:1::2'));
    await login('2001:db8:0:2::1').expect(200);
    await login('2001:db8:0:0:ffff::1').expect(200);
  });

  it('refuses refreshes beyond it, counted separately from logins', async () => {
    const { body } = await login('192.0.2.1').expect(200);
    let token = body.refresh_token as string;
    for (let count = 0; count < 2; count += 1)
      token = (await refresh(token, '192.0.2.1').expect(200)).body.refresh_token as string;
    await expectRefused(refresh(token, '192.0.2.1'));
    await refresh(token, '192.0.2.2').expect(200);
    await login('192.0.2.1').expect(200);
  });

  it('is logged when it refuses a login', async () => {
    for (let count = 0; count < 3; count += 1) await login('192.0.2.1').expect(200);
    const refused = await login('192.0.2.1').expect(429);
    expect(app.logged.at(-1)).to.include({
      event: 'denied',
      reason: 'rate_limited',
      address: '192.0.2.1',
      requestId: refused.get('X-Request-Id'),
    });
  });

  it('sends in RateLimit how many are left, and when it resets', async () => {
    const limits: (string | undefined)[] = [];
    for (let count = 0; count < 4; count += 1) limits.push((await login('192.0.2.1')).get('RateLimit'));
    for (const [index, limit] of limits.entries()) {
      const [, remaining, seconds] = /^"requests";r=(\d+);t=(\d+)$/.exec(limit ?? '') ?? [];
      expect(Number(remaining)).to.equal(Math.max(0, 2 - index));
      expect(Number(seconds)).to.be.within(1, 60);
    }
  });

  it('counts the refreshes of OAuth clients, too', async () => {
    const { body } = await login('192.0.2.1').expect(200);
    for (let count = 0; count < 2; count += 1)
      await refresh(body.refresh_token as string, '192.0.2.1').expect(200);
    const refused = await app
      .postForm('/oauth/token', { grant_type: 'refresh_token', refresh_token: body.refresh_token as string })
      .set('X-Forwarded-For', '192.0.2.1')
      .expect(429);
    expect(refused.body).to.include({ error: 'temporarily_unavailable' });
    expect(refused.get('RateLimit')).to.match(/^"requests";r=0;/);
  });

  it('resets after a minute, for all addresses', async () => {
    for (let count = 0; count < 3; count += 1) await login('192.0.2.1').expect(200);
    app.clock.advance(59);
    await login('192.0.2.2').expect(200);
    const { headers } = await login('192.0.2.1').expect(429);
    expect(headers['retry-after']).to.equal('1');
    app.clock.advance(1);
    const again = await login('192.0.2.1').expect(200);
    expect(again.get('RateLimit')).to.equal('"requests";r=2;t=60');
  });

  it('does not last longer if the clock is set back', async () => {
    for (let count = 0; count < 3; count += 1) await login('192.0.2.1').expect(200);
    app.clock.advance(-3600);
    expect((await login('192.0.2.1').expect(200)).get('RateLimit')).to.equal('"requests";r=2;t=60');
  });

  it('is off by default', () => {
    const { loginLimit, refreshLimit } = readConfig({});
    expect([loginLimit, refreshLimit]).to.deep.equal([0, 0]);
    const limiter = new RequestLimiter(new TestClock(), 0);
    for (let count = 0; count < 1000; count += 1) {
      expect(limiter.take({ address: '192.0.2.1', requestId: 'a', userAgent: null })).to.equal(undefined);
    }
  });
});
