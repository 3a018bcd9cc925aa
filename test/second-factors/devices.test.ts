import { expect } from 'chai';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { formatCookies, readCookies } from '../support/cookies.js';
import { databaseKinds } from '../support/databases.js';
import { beginLogin, computeCode, enrollTotp } from '../support/second-factors.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

const password = 'the password of ada';
const day = 86_400;

interface Remembered {
  readonly id: string;
  readonly username: string;
  readonly secret: string;
  readonly cookie: string;
  readonly tokens: TokenSet;
}

for (const database of databaseKinds) {
  describe(`A remembered device on ${database}`, () => {
    let app: TestApp;
    let made = 0;
    before(async () => {
      app = await TestApp.start({ database, settings: { LATCHKEY_REMEMBERED_DEVICES: '30d' } });
    });
    after(() => app.close());

    async function remember(): Promise<Remembered> {
      const { id, username } = await app.createUser(`user ${(made += 1)}`, password);
      const { secret } = await enrollTotp(app, await app.login(username, password));
      const second = {
        login_token: await beginLogin(app, username, password),
        code: computeCode(secret, app),
        remember_device: true,
      };
      const response = await app.post('/login/second-factor', second).expect(200);
      const cookies = readCookies(response);
      return { id, username, secret, cookie: formatCookies(cookies), tokens: response.body as TokenSet };
    }
    const login = ({ username, cookie }: Remembered, more: object = {}, given = password) =>
      app.post('/login', { username, password: given, ...more }).set('Cookie', cookie);

    it('gets a cookie that no script and no other site can use', async () => {
      const { cookie } = await remember();
      expect(cookie).to.match(/^__Host-latchkey_device=[\w-]{43}$/);
      const response = await app.post('/login/second-factor', { login_token: 'x', code: 'x' });
      expect(response.headers).not.to.have.property('set-cookie');
    });

    it('is not asked for a second factor, and its sessions do not say that there was one', async () => {
      const device = await remember();
      const { body } = await login(device).expect(200);
      expect(readJwt((body as TokenSet).access_token).claims).to.deep.include({ amr: ['pwd'], acr: 'aal1' });
      const { body: wrong } = await login(device, {}, 'a wrong one').expect(401);
      expect(wrong).to.include({ code: 'invalid_credentials' });
    });

    it('is asked where the client requests it with acr_values (RFC 9470 §4)', async () => {
      const device = await remember();
      const { body } = await login(device, { acr_values: 'aal1 aal2' }).expect(401);
      expect(body).to.include({ code: 'second_factor_required' });
      await login(device, { acr_values: 'aal1' }).expect(200);
    });

    it('is asked again after its time, and by another account', async () => {
      const [device, other] = [await remember(), await remember()];
      await login({ ...device, cookie: other.cookie }).expect(401);
      app.clock.advance(30 * day);
      await login(device).expect(401);
      await app.services.cleanUp();
      const left = await app.services.database.queries.selectFrom('latchkey_devices').select('id').execute();
      expect(left).to.deep.equal([]);
    });

    it('is listed, with its sessions, and forgotten on request', async () => {
      const device = await remember();
      app.clock.advance(60);
      const { body: tokens } = await login(device).expect(200);
      const { access_token: token } = tokens as TokenSet;
      const { body } = await app.get('/me/devices', token).expect(200);
      expect(body.items).to.have.length(1);
      const [listed] = body.items as Record<string, string>[];
      expect(listed).to.include({
        last_used_at: new Date(app.clock.now()).toISOString(),
        address: '127.0.0.1',
      });
      const { body: sessions } = await app.get('/sessions', token).expect(200);
      const of = (sessions.items as Record<string, unknown>[]).filter(
        ({ device_id: deviceId }) => deviceId === listed?.['id'],
      );
      expect(of).to.have.length(2);
      expect(of[1]).to.include.keys('second_factor_at');
      await app.delete(`/me/devices/${listed?.['id']}`, token).expect(204);
      const { body: gone } = await app.delete(`/me/devices/${listed?.['id']}`, token).expect(404);
      expect(gone).to.include({ code: 'device_not_found' });
      await login(device).expect(401);
      await app.get('/sessions', token).expect(200);
    });

    for (const [what, end] of [
      [
        'one of its sessions is ended from elsewhere',
        async ({ username, secret, tokens }: Remembered) => {
          app.clock.advance(30);
          const second = {
            login_token: await beginLogin(app, username, password),
            code: computeCode(secret, app),
          };
          const { body } = await app.post('/login/second-factor', second).expect(200);
          const { sid } = readJwt(tokens.access_token).claims;
          await app.delete(`/sessions/${String(sid)}`, (body as TokenSet).access_token).expect(204);
        },
      ],
      [
        'all sessions of its user end',
        async ({ id }: Remembered) => {
          await app.delete(`/users/${id}/sessions`, (await app.login()).access_token).expect(204);
        },
      ],
      [
        'the second factor is removed and set up again',
        async ({ id, username }: Remembered) => {
          await app.delete(`/users/${id}/second-factors/totp`, (await app.login()).access_token).expect(204);
          await enrollTotp(app, await app.login(username, password));
        },
      ],
    ] as const) {
      it(`is forgotten when ${what}`, async () => {
        const device = await remember();
        await end(device);
        const { body } = await login(device).expect(401);
        expect(body).to.include({ code: 'second_factor_required' });
      });
    }

    it('stays after a logout', async () => {
      const device = await remember();
      await app.post('/logout', {}, device.tokens.access_token).expect(204);
      await login(device).expect(200);
    });

    it('is one of twenty at most: the one not used for longest goes', async () => {
      const device = await remember();
      for (let more = 0; more < 20; more += 1) {
        app.clock.advance(30);
        const second = {
          login_token: await beginLogin(app, device.username, password),
          code: computeCode(device.secret, app),
          remember_device: true,
        };
        await app.post('/login/second-factor', second).expect(200);
      }
      await login(device).expect(401);
    });
  });
}

describe('Where no devices are remembered', () => {
  it('remember_device is ignored, and so are earlier cookies', async () => {
    const app = await TestApp.start();
    const { username } = await app.createUser('ada', password);
    const { secret } = await enrollTotp(app, await app.login(username, password));
    const second = {
      login_token: await beginLogin(app, username, password),
      code: computeCode(secret, app),
      remember_device: true,
    };
    const { headers, body } = await app.post('/login/second-factor', second).expect(200);
    expect(headers).not.to.have.property('set-cookie');
    const { body: list } = await app.get('/me/devices', (body as TokenSet).access_token).expect(200);
    expect(list).to.deep.equal({ items: [] });
    await app.close();
  });
});
