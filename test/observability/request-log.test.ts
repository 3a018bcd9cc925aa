import { expect } from 'chai';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { adminPassword, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

describe('LATCHKEY_REQUEST_LOG=true', () => {
  let app: TestApp;
  let tokens: TokenSet;
  before(async () => {
    app = await TestApp.start({ settings: { LATCHKEY_REQUEST_LOG: 'true' } });
    tokens = await app.login();
  });
  after(() => app.close());

  const lineOf = async (requestId: string | undefined): Promise<Record<string, unknown>> => {
    const isIts = (line: Record<string, unknown>): boolean =>
      line['msg'] === 'request' && line['requestId'] === requestId;
    await until(() => app.logged.some(isIts));
    return app.logged.find(isIts) ?? {};
  };

  it('logs a line at info with operation, status, duration, user, address and request id', async () => {
    const response = await app.get('/protected', tokens.access_token).expect(200);
    const line = await lineOf(response.get('X-Request-Id'));
    const { body: me } = await app.get('/me', tokens.access_token);
    expect(line).to.include({
      level: 30,
      operation: 'getProtected',
      method: 'GET',
      path: '/protected',
      status: 200,
      userId: (me as { id: string }).id,
      address: '127.0.0.1',
    });
    expect(line['milliseconds']).to.be.a('number').within(0, 60_000);
  });

  it('names the user that a request has logged in', async () => {
    const response = await app.post('/login', { username: 'admin', password: adminPassword }).expect(200);
    const line = await lineOf(response.get('X-Request-Id'));
    const { body: me } = await app.get('/me', tokens.access_token);
    expect(line).to.include({ operation: 'login', userId: (me as { id: string }).id });
  });

  it('logs a refused request without a user, and one of no operation', async () => {
    const refused = await app.get('/protected').expect(401);
    const line = await lineOf(refused.get('X-Request-Id'));
    expect(line).to.include({ operation: 'getProtected', status: 401 });
    expect(line).not.to.have.property('userId');
    const unknown = await app.get('/nowhere').expect(404);
    expect(await lineOf(unknown.get('X-Request-Id'))).to.include({ operation: 'other', status: 404 });
  });

  it('logs no query, no token and no password', async () => {
    await app.get('/users?name=a-name-that-nobody-has', tokens.access_token).expect(200);
    const response = await app.post('/login', { username: 'nobody', password: 'a-wrong-one' }).expect(401);
    await lineOf(response.get('X-Request-Id'));
    const log = JSON.stringify(app.logged);
    for (const secret of ['a-name-that-nobody-has', 'a-wrong-one', tokens.access_token, tokens.refresh_token])
      expect(log).not.to.include(secret);
  });
});

describe('Without LATCHKEY_REQUEST_LOG', () => {
  it('requests are lines at debug', async () => {
    const quiet = await TestApp.start();
    await quiet.get('/health/live').expect(200);
    expect(quiet.logged).to.deep.equal([]);
    await quiet.close();
    const debug = await TestApp.start({ settings: { LOG_LEVEL: 'debug' } });
    await debug.get('/health/live').expect(200);
    await until(() => debug.logged.some(({ msg }) => msg === 'request'));
    expect(debug.logged.find(({ msg }) => msg === 'request')).to.include({ level: 20, operation: 'getLive' });
    await debug.close();
  });
});
