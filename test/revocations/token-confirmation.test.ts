import { expect } from 'chai';
import { operatorContext as context, serviceActor } from '../../src/audit/actor.js';
import type { CreatedClient } from '../../src/clients/clients.models.js';
import type { Services } from '../../src/server/services.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { createClient, introspect } from '../support/oauth-clients.js';
import { createPostgresDatabase } from '../support/postgres.js';
import { readSessionId } from '../support/session-rounds.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const password = 'the password of ada';
let changes = 0;

/** Changes at another replica; each revokes the user's tokens. */
const elsewhere: Readonly<
  Record<string, (other: Services, userId: string, tokens: TokenSet) => Promise<unknown>>
> = {
  'a logout': ({ sessions }, _userId, tokens) => sessions.logout(readSessionId(tokens), context),
  'a change of a role': ({ roles }) =>
    roles.put('reader', { description: '', permissions: [`reports:read${++changes}`] }, serviceActor),
  'a new password': ({ users }, userId) =>
    users.update(userId, { password: `${password} too` }, serviceActor),
  'a disabled account': ({ users }, userId) => users.update(userId, { disabled: true }, serviceActor),
  'the end of a key': async ({ ring }) => ring.revoke(ring.signingKey.id, serviceActor),
};

describe('A replica on PostgreSQL', () => {
  let proxy: TcpProxy;
  let app: TestApp;
  let other: Services;
  let client: CreatedClient;
  let userId: string;
  let tokens: TokenSet;
  let number = 0;

  /** Before the tests of a `describe`. */
  function withReplica(settings: Readonly<Record<string, string>> = {}): void {
    before(async () => {
      const url = await createPostgresDatabase();
      proxy = await TcpProxy.to(Number(new URL(url).port));
      app = await TestApp.start({
        database: 'postgres',
        settings: { DATABASE_URL: proxy.urlFor(url), LATCHKEY_REVOCATION_BOUND: '2s', ...settings },
      });
      other = await app.openAgain({ DATABASE_URL: url });
      client = await createClient(app, { scope: 'tokens:introspect' });
      await app.put('/roles/reader', { permissions: [] }, (await app.login()).access_token).expect(201);
    });
    beforeEach(async () => {
      const name = `ada ${++number}`;
      ({ id: userId } = await app.createUser(name, password, ['reader']));
      tokens = await app.login(name, password);
    });
    after(async () => {
      proxy.release();
      await app.close();
      await other.database.close();
      await proxy.close();
    });
  }

  const status = async (): Promise<number> => (await app.get('/protected', tokens.access_token)).status;
  const untilReady = (): Promise<void> => until(async () => (await app.get('/health/ready')).status === 200);
  const behind = async (saying?: string): Promise<void> => {
    proxy.hold(saying);
    await until(() => !app.services.feed.isCurrent());
  };
  const back = async (): Promise<void> => {
    proxy.release();
    await untilReady();
  };

  describe('whose feed is current', () => {
    withReplica();

    for (const [what, happens] of Object.entries(elsewhere)) {
      it(`learns of ${what} at another replica`, async () => {
        expect(await status()).to.equal(200);
        await happens(other, userId, tokens);
        await until(async () => (await status()) === 401);
        await untilReady();
      });
    }

    it('learns of a new key before it signs', async () => {
      const keys = app.services.ring.listSigningKeys().length;
      await other.ring.rotate('access', serviceActor);
      await until(() => app.services.ring.listSigningKeys().length > keys);
    });
  });

  describe('whose feed is stale', () => {
    withReplica();
    before(() => behind('listen latchkey_changes'));

    for (const [what, happens] of Object.entries(elsewhere)) {
      it(`asks the database, and refuses after ${what}`, async () => {
        expect(await status()).to.equal(200);
        expect((await introspect(app, client, tokens.access_token).expect(200)).body).to.include({
          active: true,
        });
        await happens(other, userId, tokens);
        expect(await status()).to.equal(401);
        const { body } = await introspect(app, client, tokens.access_token).expect(200);
        expect(body).to.deep.equal({ active: false });
      });

      it(`knows at introspection of ${what}, before any other request`, async () => {
        await happens(other, userId, tokens);
        const { body } = await introspect(app, client, tokens.access_token).expect(200);
        expect(body).to.deep.equal({ active: false });
      });
    }

    it('reports so in its readiness', async () => {
      const { body, headers } = await app.get('/health/ready').expect(503);
      expect(body).to.include({ code: 'not_ready' });
      expect(body.detail).to.include('other replicas');
      expect(headers['retry-after']).to.equal('1');
      await app.get('/health/live').expect(200);
    });

    it('still ends a session', async () => {
      await app.post('/logout', undefined, tokens.access_token).expect(204);
      expect(await status()).to.equal(401);
      await app.post('/logout', undefined, tokens.access_token).expect(401);
    });
  });

  describe('whose feed is stale and whose database does not respond', () => {
    withReplica({ LATCHKEY_DATABASE_CONNECT_TIMEOUT: '3s', LATCHKEY_DATABASE_STATEMENT_TIMEOUT: '3s' });
    afterEach(back);

    it('responds with 503 and Retry-After', async () => {
      await behind();
      const { body, headers } = await app.get('/protected', tokens.access_token).expect(503);
      expect(body).to.include({ code: 'not_ready', detail: 'The database does not respond.' });
      expect(headers['retry-after']).to.equal('1');
      await app.get('/health/ready').expect(503);
    });

    it('refuses tokens that this service did not issue without the database', async () => {
      await behind();
      await app.get('/protected', `${tokens.access_token.slice(0, -9)}AAAAAAAAA`).expect(401);
      await app.get('/protected').expect(401);
    });

    it('responds with 503 to logins, refreshes, logouts and introspections, and recovers afterwards', async () => {
      await behind();
      const responses = await Promise.all([
        app.post('/login', { username: 'admin', password }),
        app.post('/refresh', { refresh_token: tokens.refresh_token }),
        app.post('/logout', { refresh_token: tokens.refresh_token }),
        introspect(app, client, tokens.access_token),
      ]);
      for (const response of responses) {
        expect(response.status).to.equal(503);
        expect(response.get('Retry-After')).to.equal('1');
      }
      proxy.release();
      await untilReady();
      await app.post('/login', { username: 'nobody', password }).expect(401);
      await introspect(app, client, tokens.access_token).expect(200);
    });
  });
});
