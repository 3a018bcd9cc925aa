import { expect } from 'chai';
import { serviceActor } from '../../src/audit/actor.js';
import { readAccessToken } from '../../src/swagger-ui/access-token.js';
import { requestClientToken, createClient } from '../support/oauth-clients.js';
import { TestApp } from '../support/test-app.js';
import { encode, readJwt } from '../support/tokens.js';

describe('readAccessToken', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start();
  });
  after(() => app.close());

  it("returns a user's id, session, permissions and expiry", async () => {
    const { access_token: token, scope } = await app.login();
    const { claims } = readJwt(token);
    expect(readAccessToken(token)).to.deep.equal({
      subject: claims['sub'],
      sessionId: claims['sid'],
      permissions: scope.split(' '),
      expiresAt: app.clock.now() + 900_000,
      passwordChangeRequired: false,
    });
  });

  it('returns that a one-time password must be replaced', async () => {
    await app.createUser('ada', 'the password of ada', ['admin']);
    const oneTime = await app.services.users.resetPassword('ada', serviceActor);
    const { access_token: token } = await app.login('ada', oneTime);
    expect(readAccessToken(token)).to.deep.include({ passwordChangeRequired: true, permissions: [] });
  });

  it("returns no session for a client's token", async () => {
    const client = await createClient(app);
    const { access_token: token } = await requestClientToken(app, client);
    const facts = readAccessToken(token);
    expect(facts).to.include({ subject: client.client_id, sessionId: undefined });
    expect(facts?.permissions).to.deep.equal([]);
  });

  it('decodes UTF-8', () => {
    const token = encode({ header: {}, claims: { sub: 'Zoë ☕', exp: 1, scope: 'a b' } });
    expect(readAccessToken(token)).to.include({ subject: 'Zoë ☕', expiresAt: 1000 });
  });

  for (const [what, text] of Object.entries({
    'no text': '',
    'no JWT': 'lk_rt_AUtleUlkT2ZUd2VsdmU',
    'no JSON': `e30.${Buffer.from('{').toString('base64url')}.x`,
    'no object': `e30.${Buffer.from('null').toString('base64url')}.x`,
    'no base64url': 'e30.%%%.x',
    'a JWT without a subject': encode({ header: {}, claims: { exp: 1 } }),
    'a JWT without an end': encode({ header: {}, claims: { sub: 'ada' } }),
  })) {
    it(`returns undefined for ${what}`, () => {
      expect(readAccessToken(text)).to.equal(undefined);
    });
  }
});
