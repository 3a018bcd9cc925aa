import { expect } from 'chai';
import { serviceActor } from '../../src/audit/actor.js';
import { Refusal } from '../../src/guard/guard.js';
import { GuardedApi } from '../support/guarded-api.js';
import { issuer } from '../support/oauth-clients.js';
import { catchRejection } from '../support/rejections.js';
import { until } from '../support/until.js';
import { TestApp } from '../support/test-app.js';

describe('A guard of a service with another header or scheme for access tokens', () => {
  let app: TestApp;
  let api: GuardedApi;
  afterEach(async () => {
    await api.close();
    await app.close();
  });

  for (const [headerName, headerType] of [
    ['Authorization', 'JWT'],
    ['X-Access-Token', 'Bearer'],
    ['X-Access-Token', 'none'],
  ] as const) {
    it(`follows the service and accepts tokens in ${headerName} with ${headerType}`, async () => {
      app = await TestApp.start({ settings: { JWT_HEADER_NAME: headerName, JWT_HEADER_TYPE: headerType } });
      const { client, secret = '' } = await app.services.clients.create(
        {
          name: 'A service',
          authMethod: 'client_secret_basic',
          scope: 'revocations:read',
          audiences: [],
          introspectionAudiences: [issuer],
          accessTokenLifetime: null,
        },
        serviceActor,
      );
      api = await GuardedApi.startFollowing(app, {
        client: { id: client.id, secret },
        headerName,
        headerType,
      });
      const { access_token: token } = await app.login();
      const value = headerType === 'none' ? token : `${headerType} ${token}`;
      await api.get('/own/any').set(headerName, value).expect(200);
      const respond = api.guard.protect((_request, { subject }) => new Response(subject));
      const response = await respond(new Request('http://api.test', { headers: { [headerName]: value } }));
      expect(response.status).to.equal(200);

      const scheme = headerType === 'none' ? 'Bearer' : headerType;
      const missing = await api.get('/own/any').expect(401);
      expect(missing.headers['www-authenticate']).to.match(new RegExp(`^${scheme} realm=`));
      expect(missing.body.code).to.equal('authentication_required');
      expect(missing.body.detail).to.include(`"${headerName}: ${value.replace(token, '<access_token>')}"`);
      const other = headerName === 'Authorization' ? ['Authorization', 'Bearer'] : ['Authorization', 'JWT'];
      await api
        .get('/own/any')
        .set(other[0] ?? '', `${other[1]} ${token}`)
        .expect(401);
      const refusal = await catchRejection(api.guard.check(`${value}x`));
      expect(refusal).to.be.instanceOf(Refusal);
      expect((refusal as Refusal).headers['WWW-Authenticate']).to.match(
        new RegExp(`^${scheme} realm="latchkey", error="invalid_token"`),
      );

      await app.services.userSessions.endAll(app.services.accessTokens.verify(token).sub, serviceActor);
      await until(async () => (await api.get('/own/any').set(headerName, value)).status === 401);
    });
  }
});
