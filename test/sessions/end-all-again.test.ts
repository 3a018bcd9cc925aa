import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { serviceActor } from '../../src/audit/actor.js';
import type { CreatedClient } from '../../src/clients/clients.models.js';
import { endAllSessions } from '../../src/sessions/end-all-sessions.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { copyDatabase } from '../support/backups.js';
import { formatCookies, readCookies } from '../support/cookies.js';
import { createDatabaseUrl, databaseKinds } from '../support/databases.js';
import { GuardedApi } from '../support/guarded-api.js';
import { createClient, requestClientToken } from '../support/oauth-clients.js';
import { beginLogin, computeCode, enrollTotp } from '../support/second-factors.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const password = 'a long password of the tests';
const privateKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
/** Keys that no end of all sessions can replace: only versions tell tokens from later ones. */
const ownKeys: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  JWT_SECRET_KEY: { JWT_ALGORITHM: 'HS256', JWT_SECRET_KEY: 'a shared secret of the tests, long enough' },
  JWT_PRIVATE_KEY: {
    JWT_ALGORITHM: 'ES256',
    JWT_PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  },
};

for (const database of databaseKinds) {
  for (const [name, ownKey] of Object.entries(ownKeys)) {
    describe(`A backup that is restored again, on ${database} with ${name}`, () => {
      let app: TestApp;
      let backup: string;
      let ada: string;
      let client: CreatedClient;
      before(async () => {
        const url = await createDatabaseUrl(database);
        const settings = { DATABASE_URL: url, LATCHKEY_REMEMBERED_DEVICES: '30d', ...ownKey };
        app = await TestApp.start({ database, settings });
        ({ id: ada } = await app.createUser('ada', password));
        const { access_token: admin } = await app.login();
        await app.put('/roles/reader', { permissions: ['users:read'] }, admin).expect(201);
        await app.patch(`/users/${ada}`, { roles: ['reader'] }, admin).expect(200);
        client = await createClient(app, { scope: 'revocations:read users:read' });
        await app.close();
        backup = await copyDatabase(url);
        app = await app.restart();
      });
      after(() => app.close());

      /** Puts the backup in the place of the database, as docs/restore.md says. */
      async function restore(): Promise<void> {
        await app.close();
        app.clock.advance(60);
        app = await app.restart({ DATABASE_URL: await copyDatabase(backup) });
        await endAllSessions(app.services, serviceActor);
        app = await app.restart();
      }
      const login = (): Promise<TokenSet> => app.login('ada', password);

      async function expectRefused({
        access_token: access,
        refresh_token: refresh,
      }: TokenSet): Promise<void> {
        for (const path of ['/me', '/protected', '/users']) await app.get(path, access).expect(401);
        await app.post('/refresh', { refresh_token: refresh }).expect(401);
      }

      it('accepts no token that was ended after it was restored before', async () => {
        await restore();
        const [loggedOut, live] = [await login(), await login()];
        await app.get('/users', loggedOut.access_token).expect(200);
        await app.post('/logout', { refresh_token: loggedOut.refresh_token }).expect(204);
        await expectRefused(loggedOut);
        for (let times = 0; times < 3; times += 1) {
          await restore();
          for (const tokens of [loggedOut, live]) await expectRefused(tokens);
          await app.get('/users', (await login()).access_token).expect(200);
        }
      });

      it('accepts no token that was issued after another end of all sessions', async () => {
        for (let times = 0; times < 3; times += 1) {
          await endAllSessions(app.services, serviceActor);
          app.clock.advance(60);
        }
        const loggedOut = await login();
        await app.post('/logout', { refresh_token: loggedOut.refresh_token }).expect(204);
        await restore();
        await expectRefused(loggedOut);
        await app.get('/users', (await login()).access_token).expect(200);
      });

      it('accepts no token of an account that was disabled, or lost a role, or whose role lost a permission', async () => {
        await restore();
        const { access_token: admin } = await app.login();
        const held = [await login()];
        for (const changes of [{ disabled: true }, { disabled: false }, { roles: [] }, { roles: ['reader'] }])
          await app.patch(`/users/${ada}`, changes, admin).expect(200);
        for (const permissions of [['roles:read'], ['users:read']]) {
          held.push(await login());
          await app.put('/roles/reader', { permissions }, admin).expect(200);
        }
        held.push(await login());
        await restore();
        for (const tokens of held) await expectRefused(tokens);
        await app.get('/users', (await login()).access_token).expect(200);
      });

      it('accepts no token of a client', async () => {
        await restore();
        const { access_token: token } = await requestClientToken(app, client);
        await app.get('/users', token).expect(200);
        const { access_token: admin } = await app.login();
        await app.patch(`/clients/${client.client_id}`, { disabled: true }, admin).expect(200);
        await app.get('/users', token).expect(401);
        await restore();
        await app.get('/users', token).expect(401);
        const later = await requestClientToken(app, client);
        await app.get('/users', later.access_token).expect(200);
      });

      it('ends logins that wait for a second factor, and forgets devices', async () => {
        await restore();
        const { username } = await app.createUser('second', password);
        const { secret } = await enrollTotp(app, await app.login(username, password));
        const begin = (): Promise<string> => beginLogin(app, username, password);
        const response = await app
          .post('/login/second-factor', {
            login_token: await begin(),
            code: computeCode(secret, app),
            remember_device: true,
          })
          .expect(200);
        const cookie = formatCookies(readCookies(response));
        const loginOnDevice = () => app.post('/login', { username, password }).set('Cookie', cookie);
        await loginOnDevice().expect(200);
        app.clock.advance(30);
        const waiting = await begin();
        await endAllSessions(app.services, serviceActor);
        const second = { login_token: waiting, code: computeCode(secret, app) };
        const { body } = await app.post('/login/second-factor', second).expect(401);
        expect(body).to.include({ code: 'invalid_login_token' });
        await loginOnDevice().expect(401);
      });

      it('accepts no token that was issued before the clock was set back', async () => {
        await restore();
        const tokens = await login();
        app.clock.advance(-3600);
        await endAllSessions(app.services, serviceActor);
        await expectRefused(tokens);
        const later = await login();
        await app.get('/users', later.access_token).expect(200);
        app.clock.advance(3600);
      });

      if (name !== 'JWT_SECRET_KEY') {
        it('lets guards that were following the one before refuse its tokens, and accept later ones', async () => {
          await restore();
          // The service has another port after each start.
          const toService: typeof fetch = (url, init) => {
            const { pathname, search } = new URL(url instanceof Request ? url.url : url);
            return fetch(new URL(`${pathname}${search}`, app.url), init);
          };
          const { client_id: id, client_secret: secret = '' } = client;
          const api = await GuardedApi.startFollowing(app, { client: { id, secret }, fetch: toService });
          try {
            const tokens = await login();
            await api.get('/own/users', tokens.access_token).expect(200);
            await restore();
            await until(async () => (await api.get('/own/users', tokens.access_token)).status === 401);
            const later = await login();
            await until(async () => (await api.get('/own/users', later.access_token)).status === 200);
            await api.get('/own/users', tokens.access_token).expect(401);
          } finally {
            await api.close();
          }
        });
      }
    });
  }
}
