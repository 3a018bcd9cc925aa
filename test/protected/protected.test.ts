import { expect } from 'chai';
import { TestApp } from '../support/test-app.js';

describe('GET /protected', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start();
  });
  after(() => app.close());

  it('accepts any valid access token', async () => {
    const { access_token: token } = await app.login();
    const { body } = await app.get('/protected', token).expect(200);
    expect(body).to.deep.equal({ message: 'This is a protected endpoint.' });
  });

  it('challenges a request without a token, without an error code (RFC 6750 §3.1)', async () => {
    const { body, headers } = await app.get('/protected').expect(401);
    expect(body).to.include({ code: 'authentication_required', status: 401 });
    expect(headers['www-authenticate']).to.equal('Bearer realm="latchkey"');
  });

  for (const [what, header] of [
    ['another scheme', 'Basic YWRtaW46YWRtaW4='],
    ['an empty header', ''],
  ] as const) {
    it(`does not accept ${what}`, async () => {
      const { body } = await app.get('/protected').set('Authorization', header).expect(401);
      expect(body).to.include({ code: 'authentication_required' });
    });
  }

  it('sends no statement to the database, not even for the revocation', async () => {
    const lost = await TestApp.start();
    const { access_token: token } = await lost.login();
    const { access_token: revoked } = await lost.login();
    await lost.post('/logout', undefined, revoked).expect(204);
    await lost.services.database.close();
    await lost.get('/protected', token).expect(200);
    await lost.get('/protected', revoked).expect(401);
    await lost.close();
  });
});
