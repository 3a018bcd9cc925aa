import { expect } from 'chai';
import fc from 'fast-check';
import { serviceActor } from '../../src/audit/actor.js';
import type { Hooks } from '../../src/tokens/hooks.js';
import { databaseKinds } from '../support/databases.js';
import { formatCookies, readCookies } from '../support/cookies.js';
import { requestClientToken, createClient } from '../support/oauth-clients.js';
import { catchRejection } from '../support/rejections.js';
import { TestApp } from '../support/test-app.js';

const password = 'the password of ada';
const cookies = { JWT_TOKEN_LOCATION: 'headers, cookies' };
/** Logins count per address, and there are many here. */
const settings = { LATCHKEY_LOGIN_FREE_ATTEMPTS: '1000', LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS: '1000' };
const tooMuch = /more than an access token can carry: .* (\d+) bytes, of (\d+) at most/;

/** Checks that every login gives a token that is accepted, in the header and in cookies. */
async function expectAccepted(app: TestApp, username: string): Promise<void> {
  const { access_token: token } = await app.login(username, password);
  await app.get('/me', token).expect(200);
  if (!app.services.config.tokenLocations.includes('cookies')) return;
  const response = await app.post('/login/cookies', { username, password }).expect(200);
  // RFC 6265 §6.1: browsers keep at least 4,096 bytes of a cookie, including its name and attributes.
  for (const line of response.headers['set-cookie'] as unknown as string[])
    expect(line.length).to.be.at.most(4096);
  await app
    .get('/me')
    .set('Cookie', formatCookies(readCookies(response)))
    .expect(200);
}

/** Permissions with this many characters together. */
function permissionsOf(name: string, characters: number): string[] {
  const count = Math.max(1, Math.round(characters / 60));
  return Array.from({ length: count }, (_, index) => `${name}:${index}:`.padEnd(59, 'x'));
}

for (const [where, more] of [
  ['the header', {}],
  ['cookies', cookies],
  ['cookies that outlive the browser', { ...cookies, JWT_SESSION_COOKIE: 'false', JWT_COOKIE_PATH: '/' }],
  ['the header, for several audiences', { JWT_ENCODE_AUDIENCE: `http://latchkey.test,${'a'.repeat(190)}` }],
  ['the header, of the type JWT', { JWT_ACCESS_TOKEN_TYPE: 'JWT' }],
  ['the header, with HS512', { JWT_ALGORITHM: 'HS512', JWT_SECRET_KEY: 's'.repeat(64) }],
] as const) {
  describe(`A token sent in ${where}`, () => {
    let app: TestApp;
    let admin: string;
    before(async () => {
      app = await TestApp.start({ settings: { ...settings, ...more } });
      admin = (await app.login()).access_token;
    });
    after(() => app.close());

    it('is accepted for any mix of roles and permissions that is accepted', async () => {
      const seen = { accepted: 0, refused: 0 };
      let number = 0;
      const size = app.services.accessTokens.rightsCapacity;
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.record({
              name: fc.integer({ min: 1, max: 90 }),
              part: fc.double({ min: 0, max: 0.5, noNaN: true }),
            }),
            {
              minLength: 1,
              maxLength: 5,
            },
          ),
          fc.nat(4),
          fc.double({ min: 0, max: 1.1, noNaN: true }),
          async (parts, grown, to) => {
            number += 1;
            const roles: string[] = [];
            for (const [index, { name, part }] of parts.entries()) {
              const role = `r${number}-${index}-`.padEnd(name, 'n');
              const permissions = permissionsOf(role.slice(0, 20), part * size);
              await app.put(`/roles/${role}`, { permissions }, admin).expect(201);
              roles.push(role);
            }
            const username = `u${number}`;
            const { status, body } = await app.post('/users', { username, password, roles }, admin);
            expect(status).to.be.oneOf([201, 422]);
            if (status === 422) {
              seen.refused += 1;
              const [, actual, limit] = tooMuch.exec(body.errors.roles as string) ?? [];
              expect(Number(actual)).to.be.greaterThan(Number(limit));
              return;
            }
            seen.accepted += 1;
            await expectAccepted(app, username);
            // One of the roles grows, or does not.
            const role = roles[grown % roles.length] ?? '';
            const put = await app.put(
              `/roles/${role}`,
              { permissions: permissionsOf('g', to * size) },
              admin,
            );
            expect(put.status).to.be.oneOf([200, 422]);
            await expectAccepted(app, username);
          },
        ),
        { numRuns: 12 },
      );
      expect(seen.accepted).to.be.greaterThan(0);
    });

    it('may have the maximum length, and not a byte more', async () => {
      const { rightsCapacity: capacity } = app.services.accessTokens;
      const single = (length: number): string[] => {
        const permissions = [];
        // The size of a permission with its space; the last one takes the rest.
        for (let left = length; left > 0; left -= 100)
          permissions.push(`${permissions.length}`.padEnd(Math.min(99, left - 1), 'y'));
        return permissions;
      };
      const name = 'brim';
      const room = capacity - name.length - 3;
      const fits = room % 100 === 1 ? room - 1 : room;
      await app.put(`/roles/${name}`, { permissions: single(fits) }, admin).expect(201);
      // The name that takes most room, too.
      const username = '\u8a9e'.repeat(200);
      await app.createUser(username, password, [name]);
      await expectAccepted(app, username);
      const { body } = await app.put('/roles/more', { permissions: single(room + 5) }, admin).expect(422);
      expect(body.errors.permissions).to.match(tooMuch);
    });

    it('cannot have many roles with long names, which are refused with their size and the limit', async () => {
      const roles = Array.from({ length: 86 }, (_, index) => `role-${index}-`.padEnd(100, 'n'));
      for (const role of roles) await app.put(`/roles/${role}`, { permissions: [] }, admin).expect(201);
      const { body } = await app.post('/users', { username: 'many', password, roles }, admin).expect(422);
      const [, actual, limit] = tooMuch.exec(body.errors.roles as string) ?? [];
      expect(Number(actual)).to.equal(86 * 103);
      expect(Number(limit)).to.equal(app.services.accessTokens.rightsCapacity);
      const { body: me } = await app.get('/me', admin).expect(200);
      await app.patch(`/users/${me.id}`, { roles: ['admin', ...roles] }, admin).expect(422);
      await app.get('/me', admin).expect(200);
    });
  });
}

for (const database of databaseKinds) {
  describe(`A token that would be too long, on ${database}`, () => {
    let app: TestApp;
    let admin: string;
    const start = async (more: Record<string, string> = {}, hooks: Hooks = {}): Promise<void> => {
      app = await TestApp.start({ database, settings: { ...settings, ...more }, hooks });
      admin = (await app.login()).access_token;
    };
    afterEach(() => app.close());

    it('cannot result from a change of a role while a user is given it', async () => {
      await start();
      const half = Math.floor(app.services.accessTokens.rightsCapacity * 0.6);
      for (let round = 0; round < 4; round += 1) {
        const [one, other] = [`one-${round}`, `other-${round}`];
        await app.put(`/roles/${one}`, { permissions: permissionsOf(one, half) }, admin).expect(201);
        await app.put(`/roles/${other}`, { permissions: [] }, admin).expect(201);
        const user = await app.createUser(`racer-${round}`, password, [one]);
        const [given, grown] = await Promise.all([
          app.patch(`/users/${user.id}`, { roles: [one, other] }, admin),
          app.put(`/roles/${other}`, { permissions: permissionsOf(other, half) }, admin),
        ]);
        expect([given.status, grown.status].sort()).to.deep.equal([200, 422]);
        await expectAccepted(app, `racer-${round}`);
      }
    });

    it('is not issued to an account that already has too many permissions, which may get fewer', async () => {
      await start();
      const roles = ['a', 'b', 'c'];
      const size = Math.floor(app.services.accessTokens.rightsCapacity * 0.7);
      for (const role of roles)
        await app.put(`/roles/${role}`, { permissions: permissionsOf(role, size) }, admin).expect(201);
      const { id } = await app.createUser('ada', password, ['a']);
      const { queries } = app.services.database;
      const held = ['b', 'c'].map((role_name) => ({ user_id: id, role_name }));
      await queries.insertInto('user_roles').values(held).execute();

      const { body } = await app.post('/login', { username: 'ada', password }).expect(500);
      expect(body).to.include({ code: 'token_too_long' });
      expect(body.detail).to.match(
        /^The access token of .* would have \d+ characters, and 8192 is the limit\. An admin/,
      );
      const [line] = app.logged.filter(({ level }) => level === 50);
      expect(JSON.stringify(line)).to.include(id).and.include('8192 is the limit');

      // A role may shrink, and the account may lose roles, even if that is not enough yet.
      await app.put('/roles/c', { permissions: permissionsOf('c', size / 2) }, admin).expect(200);
      await app.put('/roles/c', { permissions: permissionsOf('c', size) }, admin).expect(422);
      await app.patch(`/users/${id}`, { roles: ['a', 'b'] }, admin).expect(200);
      await app.patch(`/users/${id}`, { roles: ['a', 'b', 'c'] }, admin).expect(422);
      await app.patch(`/users/${id}`, { disabled: false }, admin).expect(200);
      await app.post('/login', { username: 'ada', password }).expect(500);
      await app.services.users.update(id, { roles: ['a'] }, serviceActor);
      await expectAccepted(app, 'ada');
    });

    it('counts a permission once if two roles of a holder give it', async () => {
      await start();
      const size = Math.floor(app.services.accessTokens.rightsCapacity * 0.6);
      const shared = permissionsOf('shared', size);
      await app.put('/roles/one', { permissions: shared }, admin).expect(201);
      await app.put('/roles/other', { permissions: [] }, admin).expect(201);
      await app.createUser('ada', password, ['one', 'other']);
      await app.put('/roles/other', { permissions: shared }, admin).expect(200);
      await expectAccepted(app, 'ada');

      // Smaller by itself, but more together with the other role.
      const apart = permissionsOf('apart', size / 1.2);
      const { body } = await app.put('/roles/other', { permissions: apart }, admin).expect(422);
      const [, actual] = tooMuch.exec(body.errors.permissions as string) ?? [];
      const names = 'one'.length + 3 + 'other'.length + 3;
      expect(Number(actual)).to.equal(names + (shared.length + apart.length) * 60);
      await expectAccepted(app, 'ada');
    });

    for (const limit of ['0', '1']) {
      for (const cause of ['its rights', 'a hook'] as const) {
        it(`leaves no session of a login that fails by ${cause}, and ends no other one, with a session limit of ${limit}`, async () => {
          let fails = false;
          const additionalClaims = (): Record<string, unknown> => {
            if (fails) throw new Error('The hook failed.');
            return {};
          };
          await start({ LATCHKEY_SESSION_LIMIT: limit }, cause === 'a hook' ? { additionalClaims } : {});
          const { id } = await app.createUser('ada', password, []);
          const { access_token: token } = await app.login('ada', password);
          if (cause === 'its rights') {
            const permissions = permissionsOf('p', 9000).join(' ');
            const { queries } = app.services.database;
            await queries.updateTable('roles').set({ permissions }).where('name', '=', 'admin').execute();
            await queries.insertInto('user_roles').values({ user_id: id, role_name: 'admin' }).execute();
          }
          fails = true;
          await app.post('/login', { username: 'ada', password }).expect(500);
          const { body } = await app.get('/sessions', token).expect(200);
          expect(body.items).to.have.length(1);
        });
      }
    }

    it('is not issued if a hook makes it too long, and the log names the hook', async () => {
      const more = { length: 0 };
      await start(cookies, { additionalClaims: () => ({ more: 'm'.repeat(more.length) }) });
      const { refresh_token: refresh } = await app.login();
      more.length = 4000;
      for (const response of [
        await app.post('/login', { username: 'admin', password: 'the admin of the tests' }).expect(500),
        await app.post('/refresh', { refresh_token: refresh }).expect(500),
      ])
        expect(response.body.detail).to.match(
          /What the hooks additionalClaims .* have to become shorter|has to become shorter/,
        );
      const { body } = await app
        .postForm('/oauth/token', { grant_type: 'refresh_token', refresh_token: refresh })
        .expect(500);
      expect(body).to.include({ error: 'server_error' });
      expect(JSON.stringify(app.logged)).to.include('What the hooks additionalClaims');
      // The session continues: the refresh token stays valid.
      app.clock.advance(60);
      more.length = 1000;
      await app.refresh(refresh);
      await app.login();
    });

    it('is refused for a client with the longest scope and audiences', async () => {
      const most = {
        scope: permissionsOf('c', 2900).join(' '),
        audiences: Array.from({ length: 10 }, (_, index) => `a${index}`.padEnd(200, 'u')),
      };
      await start();
      const client = await createClient(app, {
        ...most,
        audiences: [...most.audiences.slice(1), 'http://latchkey.test'],
      });
      await app.get('/protected', (await requestClientToken(app, client)).access_token).expect(200);
      await app.close();

      await start({ LATCHKEY_ISSUER: `http://latchkey.test/${'i'.repeat(1200)}` });
      const { body } = await app.post('/clients', { client_name: 'A client', ...most }, admin).expect(422);
      expect(body.errors.scope).to.match(/an access token of \d+ characters; the limit is 8192/);
      const { client_id: id } = await createClient(app, { scope: most.scope });
      await app.patch(`/clients/${id}`, { audiences: most.audiences }, admin).expect(422);
      const { queries } = app.services.database;
      await queries
        .updateTable('clients')
        .set({ audiences: most.audiences.join(' ') })
        .where('id', '=', id)
        .execute();
      await app.patch(`/clients/${id}`, { audiences: most.audiences.slice(1) }, admin).expect(200);
      await app.patch(`/clients/${id}`, { scope: '', audiences: ['x'] }, admin).expect(200);
    });
  });
}

describe('Settings that leave no room in a token', () => {
  const settings = {
    LATCHKEY_ISSUER: `http://latchkey.test/${'i'.repeat(800)}`,
    JWT_ENCODE_AUDIENCE: Array.from({ length: 10 }, (_, index) => `a${index}`.padEnd(200, 'u')).join(),
  };

  it('are refused at the start if an administrator could not log in', async () => {
    const error = await catchRejection(TestApp.start({ settings: { ...cookies, ...settings } }));
    expect(error)
      .to.have.property('message')
      .that.matches(
        /^An administrator's access token would be too long by \d+ bytes: .*cookies\. Make JWT_ENCODE_AUDIENCE/,
      );
  });

  it('are accepted if tokens are sent in the header alone', async () => {
    const app = await TestApp.start({ settings });
    await app.get('/me', (await app.login()).access_token).expect(200);
    await app.close();
  });
});
