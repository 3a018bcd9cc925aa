import { expect } from 'chai';
import { v7 } from 'uuid';
import { serviceActor } from '../../src/audit/actor.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import type { User } from '../../src/users/users.models.js';
import { databaseKinds } from '../support/databases.js';
import { addUser } from '../support/records.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

const password = 'correct horse battery';
const nobody = v7();

describe('/users', () => {
  let app: TestApp;
  let admin: string;
  before(async () => {
    app = await TestApp.start({ settings: { JWT_ACCESS_TOKEN_EXPIRES: '1d' } });
    admin = (await app.login()).access_token;
    await app.put('/roles/reader', { permissions: ['reports:read'] }, admin).expect(201);
  });
  after(() => app.close());

  const create = async (username: string, roles: readonly string[] = []): Promise<User> => {
    const { body } = await app.post('/users', { username, password, roles }, admin).expect(201);
    return body as User;
  };

  describe('permissions', () => {
    const body = { username: 'who may', password };
    const requests = [
      ['get', '/users', 'users:read', 200, undefined],
      ['get', `/users/${nobody}`, 'users:read', 404, undefined],
      ['post', '/users', 'users:write', 201, body],
      ['patch', `/users/${nobody}`, 'users:write', 404, body],
      ['delete', `/users/${nobody}`, 'users:write', 404, undefined],
    ] as const;
    const tokens: Record<string, string> = {};

    before(async () => {
      for (const permission of ['users:read', 'users:write']) {
        const role = permission.replace(':', '-');
        await app.put(`/roles/${role}`, { permissions: [permission] }, admin).expect(201);
        await create(`has ${permission}`, [role]);
        tokens[permission] = (await app.login(`has ${permission}`, password)).access_token;
      }
    });

    for (const [method, path, permission, allowed, sent] of requests) {
      const findMissingToolchain = permission === 'users:read' ? 'users:write' : 'users:read';

      it(`${method} ${path.replace(nobody, '{id}')} requires ${permission}`, async () => {
        const anonymous = await app.request(method, path).send(sent).expect(401);
        expect(anonymous.body).to.include({ code: 'authentication_required' });
        const refused = await app.request(method, path, tokens[findMissingToolchain]).send(sent).expect(403);
        expect(refused.body).to.include({ code: 'insufficient_scope' });
        expect(refused.headers['www-authenticate']).to.equal(
          `Bearer realm="latchkey", error="insufficient_scope", scope="${permission}"`,
        );
        await app.request(method, path, tokens[permission]).send(sent).expect(allowed);
      });
    }
  });

  describe('POST /users', () => {
    it('responds with the account, without internal columns', async () => {
      const user = await create('Ada', ['reader', 'reader']);
      const now = new Date(app.clock.now()).toISOString();
      expect(user).to.deep.equal({
        id: user.id,
        username: 'Ada',
        roles: ['reader'],
        disabled: false,
        password_change_required: false,
        created_at: now,
        updated_at: now,
      });
      const { body } = await app.get(`/users/${user.id}`, admin).expect(200);
      expect(body).to.deep.equal(user);
    });

    it('creates an account that can log in, with the rights of its roles', async () => {
      await create('Grace', ['reader']);
      expect(await app.login('grace', password)).to.include({ scope: 'reports:read' });
    });

    it('returns no roles if none are given', async () => {
      const { body } = await app.post('/users', { username: 'plain', password }, admin).expect(201);
      expect(body.roles).to.deep.equal([]);
    });

    for (const taken of ['Taken', 'TAKEN', 'Ｔａｋｅｎ', 'ta\u212aen']) {
      it(`refuses "${taken}" if there is "taken"`, async () => {
        await app.post('/users', { username: 'taken', password }, admin);
        const { body } = await app.post('/users', { username: taken, password }, admin).expect(409);
        expect(body).to.include({ code: 'username_taken' });
      });
    }

    it('refuses a role that does not exist, and creates no account', async () => {
      const { body } = await app
        .post('/users', { username: 'roleless', password, roles: ['reader', 'no-role'] }, admin)
        .expect(422);
      expect(body.errors).to.deep.equal({ roles: 'there is no role "no-role"' });
      await app.post('/login', { username: 'roleless', password }).expect(401);
      expect((await app.get('/users?name=roleless', admin)).body.items).to.deep.equal([]);
    });

    for (const [what, fields, field] of [
      ['no name', { password }, 'username'],
      ['no password', { username: 'x' }, 'password'],
      ['an empty name', { username: '', password }, 'username'],
      ['white space before the name', { username: ' x', password }, 'username'],
      ['white space after the name', { username: 'x\u00a0', password }, 'username'],
      ['a control character in the name', { username: 'x\u0000y', password }, 'username'],
      ['a name of 201 characters', { username: 'x'.repeat(201), password }, 'username'],
      ['a name that is a number', { username: 1, password }, 'username'],
      ['a faulty password', { username: 'x', password: 'short' }, 'password'],
      ['roles that are no list', { username: 'x', password, roles: 'admin' }, 'roles'],
      ['a role of no possible name', { username: 'x', password, roles: ['a b'] }, 'roles.0'],
      ['a field that is not known', { username: 'x', password, disabled: true }, 'disabled'],
    ] as const) {
      it(`refuses ${what}`, async () => {
        const { body } = await app.post('/users', fields, admin).expect(422);
        expect(body).to.include({ code: 'validation_failed' });
        expect(body.errors).to.have.all.keys(field);
        expect(JSON.stringify(body)).not.to.include(password);
      });
    }
  });

  describe('GET /users/{id}', () => {
    it('returns the last login', async () => {
      const { id } = await create('seen');
      app.clock.advance(60);
      await app.login('seen', password);
      const { body } = await app.get(`/users/${id}`, admin).expect(200);
      expect(body.last_login_at).to.equal(new Date(app.clock.now()).toISOString());
    });

    for (const method of ['get', 'patch', 'delete'] as const) {
      it(`responds with 404 to ${method} with an unknown id`, async () => {
        const { body } = await app.request(method, `/users/${nobody}`, admin).send({}).expect(404);
        expect(body).to.include({ code: 'user_not_found' });
      });

      it(`refuses ${method} with an id that is not a UUID`, async () => {
        const { body } = await app.request(method, '/users/ada', admin).send({}).expect(422);
        expect(body.errors).to.have.all.keys('id');
      });
    }
  });

  describe('GET /users', () => {
    // By time and by name the order differs.
    const names = ['list 5Ü', 'list 1%', 'list 2_', 'list 3\\', 'LIST 4'];
    const byName = [...names.slice(1), ...names.slice(0, 1)];
    const list = async (query: string): Promise<{ items: User[]; next_cursor?: string }> =>
      (await app.get(`/users?${query}`, admin).expect(200)).body as { items: User[]; next_cursor?: string };
    const deriveNames = ({ items }: { items: User[] }): string[] => items.map(({ username }) => username);

    before(async () => {
      for (const name of names) {
        app.clock.advance(1);
        await create(name);
      }
    });

    for (const [how, query, expected] of [
      ['all users, oldest first', 'limit=2', names],
      ['those whose names begin alike, by name', 'limit=2&name=list', byName],
    ] as const) {
      it(`lists ${how}, a page at a time`, async () => {
        const seen: string[] = [];
        let page = await list(query);
        for (;;) {
          seen.push(...deriveNames(page));
          if (page.next_cursor === undefined) break;
          expect(page.items).to.have.length(2);
          page = await list(`${query}&cursor=${page.next_cursor}`);
        }
        expect(seen.filter((name) => names.includes(name))).to.deep.equal(expected);
        expect(new Set(seen).size).to.equal(seen.length);
      });
    }

    it('has no next page after the last one if that is full', async () => {
      const page = await list(`limit=${names.length}&name=list`);
      expect(page.items).to.have.length(names.length);
      expect(page).not.to.have.property('next_cursor');
    });

    it('has fifty users on a page by default', async () => {
      const { queries } = app.services.database;
      for (let number = 0; number < 51; number++) await addUser(queries, { username: `crowd ${number}` });
      const page = await list('name=crowd');
      expect(page.items).to.have.length(50);
      expect((await list(`name=crowd&cursor=${page.next_cursor}`)).items).to.have.length(1);
      expect((await list('name=crowd&limit=200')).items).to.have.length(51);
    });

    it('filters, sorts and counts', async () => {
      const user = await create('list 6', ['reader']);
      await app.patch(`/users/${user.id}`, { disabled: true }, admin).expect(200);
      expect(deriveNames(await list('name=list&role=reader'))).to.deep.equal(['list 6']);
      expect(deriveNames(await list('name=list&disabled=true'))).to.deep.equal(['list 6']);
      expect(deriveNames(await list('name=list&disabled=false'))).to.deep.equal(byName);
      expect(deriveNames(await list('name=list&disabled=false&sort=created_at&order=desc'))).to.deep.equal(
        [...names].reverse(),
      );
      const now = encodeURIComponent(new Date(app.clock.now()).toISOString());
      expect(deriveNames(await list(`name=list&disabled=false&last_login_to=${now}`))).to.deep.equal(byName);
      expect(deriveNames(await list(`name=list&last_login_from=${now}`))).to.deep.equal([]);
      const page = await list('name=list&limit=2&total=true&disabled=false');
      expect(page).to.include({ total: names.length });
      expect(page.items).to.have.length(2);
    });

    it('refuses a cursor of another list', async () => {
      const { next_cursor: cursor } = await list('name=list&limit=2');
      for (const query of ['name=lis', 'name=list&order=desc', 'name=list&disabled=false', 'sort=username']) {
        const { body } = await app.get(`/users?${query}&cursor=${cursor}`, admin).expect(422);
        expect(body.errors).to.deep.equal({
          cursor: 'must be the next_cursor of the previous page of the same list',
        });
      }
      expect((await list(`name=list&limit=50&cursor=${cursor}`)).items).to.have.length(names.length - 1);
    });

    it('has nothing about passwords', async () => {
      const { text } = await app.get('/users', admin).expect(200);
      expect(text).not.to.match(/argon2|hash|username_key|version/);
    });

    for (const [beginning, found] of [
      ['list 1%', ['list 1%']],
      ['LIST 2', ['list 2_']],
      ['list 3\\', ['list 3\\']],
      ['List 4', ['LIST 4']],
      ['list 5ü', ['list 5Ü']],
      ['%', []],
      ['ist', []],
      ['list 9', []],
    ] as const) {
      it(`finds names with the prefix: ${beginning}`, async () => {
        expect(deriveNames(await list(`name=${encodeURIComponent(beginning)}`))).to.deep.equal(found);
      });
    }

    for (const [query, field] of [
      ['limit=0', 'limit'],
      ['limit=201', 'limit'],
      ['limit=2.5', 'limit'],
      ['limit=many', 'limit'],
      ['cursor=here', 'cursor'],
      ['name=list&cursor=here!', 'cursor'],
      ['name=list&cursor=AA', 'cursor'],
      ['name=list&cursor=_w', 'cursor'],
      ['role=no role', 'role'],
      ['disabled=maybe', 'disabled'],
      ['last_login_from=yesterday', 'last_login_from'],
      ['last_login_from=2026-02-30T00:00:00Z', 'last_login_from'],
      ['last_login_to=2026-13-01T00:00:00Z', 'last_login_to'],
      ['last_login_to=2026-11-24', 'last_login_to'],
      ['sort=password', 'sort'],
      ['order=up', 'order'],
      ['total=many', 'total'],
      ['name=', 'name'],
      ['name=%00', 'name'],
      ['page=2', 'page'],
    ] as const) {
      it(`refuses ?${query}`, async () => {
        const { body } = await app.get(`/users?${query}`, admin).expect(422);
        expect(body.errors).to.have.property(field);
      });
    }
  });

  describe('PATCH /users/{id}', () => {
    let user: User;
    before(async () => {
      user = await create('to be changed');
    });

    it('changes the given properties and leaves the others', async () => {
      const before = await create('before', ['reader']);
      app.clock.advance(60);
      const { body } = await app.patch(`/users/${before.id}`, { username: 'After' }, admin).expect(200);
      expect(body).to.deep.equal({
        ...before,
        username: 'After',
        updated_at: new Date(app.clock.now()).toISOString(),
      });
      await app.login('after', password);
      await app.post('/login', { username: 'before', password }).expect(401);
    });

    it('lets users change the spelling of their own names', async () => {
      const { id } = await create('kay');
      const { body } = await app.patch(`/users/${id}`, { username: 'KAY' }, admin).expect(200);
      expect(body.username).to.equal('KAY');
    });

    it('refuses a name that is taken, and changes nothing else', async () => {
      await create('owner');
      const { body } = await app
        .patch(`/users/${user.id}`, { username: 'ＯＷＮＥＲ', disabled: true, roles: ['reader'] }, admin)
        .expect(409);
      expect(body).to.include({ code: 'username_taken' });
      expect((await app.get(`/users/${user.id}`, admin)).body).to.deep.equal(user);
    });

    it('refuses a role that does not exist, and changes nothing else', async () => {
      const { body } = await app
        .patch(`/users/${user.id}`, { username: 'unheard of', disabled: true, roles: ['no-role'] }, admin)
        .expect(422);
      expect(body.errors).to.deep.equal({ roles: 'there is no role "no-role"' });
      expect((await app.get(`/users/${user.id}`, admin)).body).to.deep.equal(user);
    });

    for (const [what, fields, field] of [
      ['a name with white space at its end', { username: 'x ' }, 'username'],
      ['a password that is too short', { password: 'short' }, 'password'],
      ['the name as the password', { password: 'to be changed' }, 'password'],
      [
        'the new name as the password',
        { username: 'name and password', password: 'NAME and password' },
        'password',
      ],
      ['a field that cannot be changed', { id: nobody }, 'id'],
      ['null', { disabled: null }, 'disabled'],
    ] as const) {
      it(`refuses ${what}`, async () => {
        const { body } = await app.patch(`/users/${user.id}`, fields, admin).expect(422);
        expect(body.errors).to.have.all.keys(field);
        expect((await app.get(`/users/${user.id}`, admin)).body).to.deep.equal(user);
      });
    }
  });

  it('writes an audit row for each change, and none for a refused one', async () => {
    const { id } = await create('audited');
    await app.patch(`/users/${id}`, { username: 'audited too' }, admin).expect(200);
    await app.patch(`/users/${id}`, { roles: ['no-role'] }, admin).expect(422);
    await app.post('/users', { username: 'audited too', password }, admin).expect(409);
    const { headers } = await app.delete(`/users/${id}`, admin).expect(204);
    const rows = await app.services.database.queries
      .selectFrom('audit')
      .selectAll()
      .where('target', '=', id)
      .execute();
    expect(rows.map(({ event }) => event)).to.have.members(['user_created', 'user_renamed', 'user_deleted']);
    const { body: me } = await app.get('/me', admin);
    expect(rows.find(({ event }) => event === 'user_deleted')).to.include({
      actor_id: me.id,
      request_id: headers['x-request-id'],
      address: '127.0.0.1',
    });
  });
});

for (const kind of databaseKinds) {
  describe(`A change of a user on ${kind}`, () => {
    let app: TestApp;
    let admin: string;
    before(async () => {
      app = await TestApp.start({ database: kind, settings: { LATCHKEY_LOGIN_FREE_ATTEMPTS: '1000' } });
      admin = (await app.login()).access_token;
      await app.put('/roles/reader', { permissions: ['reports:read'] }, admin).expect(201);
      await app.put('/roles/writer', { permissions: ['reports:write'] }, admin).expect(201);
    });
    after(() => app.close());

    let made = 0;
    const loggedIn = async (...roles: string[]): Promise<{ user: User; tokens: TokenSet; path: string }> => {
      const username = `user ${++made}`;
      const { body } = await app.post('/users', { username, password, roles }, admin).expect(201);
      const user = body as User;
      const tokens = await app.login(username, password);
      await app.get('/protected', tokens.access_token).expect(200);
      return { user, tokens, path: `/users/${user.id}` };
    };
    const expectSignedOut = async ({ access_token: access, refresh_token: refresh }: TokenSet) => {
      const { body } = await app.get('/protected', access).expect(401);
      expect(body).to.include({ code: 'invalid_token' });
      await app.post('/refresh', { refresh_token: refresh }).expect(401);
      await app.get('/protected', access).expect(401);
    };

    it('ends all sessions of a user who is disabled, at once, and refuses logins until the user is enabled', async () => {
      const { user, tokens, path } = await loggedIn();
      const { body } = await app.patch(path, { disabled: true }, admin).expect(200);
      expect(body).to.include({ disabled: true });
      await expectSignedOut(tokens);
      const { body: refused } = await app.post('/login', { username: user.username, password }).expect(401);
      expect(refused).to.include({ code: 'invalid_credentials' });

      await app.patch(path, { disabled: false }, admin).expect(200);
      await expectSignedOut(tokens);
      const { access_token: token } = await app.login(user.username, password);
      await app.get('/protected', token).expect(200);
    });

    it('ends all sessions of a user who is deleted, at once', async () => {
      const { user, tokens, path } = await loggedIn();
      await app.delete(path, admin).expect(204);
      await expectSignedOut(tokens);
      await app.get(path, admin).expect(404);
      await app.delete(path, admin).expect(404);
      await app.post('/login', { username: user.username, password }).expect(401);
      const { body: again } = await app
        .post('/users', { username: user.username, password }, admin)
        .expect(201);
      expect(again.id).not.to.equal(user.id);
    });

    it('ends all sessions of a user who gets a new password, at once, and accepts that password alone', async () => {
      const { user, tokens, path } = await loggedIn();
      const { body } = await app.patch(path, { password: 'another horse battery' }, admin).expect(200);
      expect(body).to.include({ password_change_required: false });
      await expectSignedOut(tokens);
      await app.post('/login', { username: user.username, password }).expect(401);
      await app.login(user.username, 'another horse battery');
    });

    it('ends all sessions of a user who gets a one-time password from the operator, at once', async () => {
      const { user, tokens } = await loggedIn();
      const reset = (name: string) => app.services.users.resetPassword(name, serviceActor);
      const oneTime = (await reset(user.username.toUpperCase())) ?? '';
      expect(oneTime).to.match(/^[\w-]{20}$/);
      await expectSignedOut(tokens);
      await app.post('/login', { username: user.username, password }).expect(401);
      await app.login(user.username, oneTime);
      expect(await reset('nobody')).to.be.undefined;
    });

    it('requires a refresh when roles change, which gives the new rights', async () => {
      const { tokens, path } = await loggedIn('reader');
      expect(tokens.scope).to.equal('reports:read');
      await app.patch(path, { roles: ['writer'] }, admin).expect(200);
      const { body } = await app.get('/protected', tokens.access_token).expect(401);
      expect(body).to.include({ code: 'invalid_token' });
      const { body: refreshed } = await app
        .post('/refresh', { refresh_token: tokens.refresh_token })
        .expect(200);
      expect(refreshed.scope).to.equal('reports:write');
      await app.get('/protected', refreshed.access_token).expect(200);
      await app.get('/protected', tokens.access_token).expect(401);
    });

    it('makes a client refresh when the name changes, which another user may have next', async () => {
      const { user, tokens, path } = await loggedIn('reader');
      expect(readJwt(tokens.access_token).claims).to.include({ preferred_username: user.username });
      const username = `${user.username}, renamed`;
      await app.patch(path, { username }, admin).expect(200);
      await app.get('/protected', tokens.access_token).expect(401);
      const { body } = await app.post('/refresh', { refresh_token: tokens.refresh_token }).expect(200);
      expect(readJwt(body.access_token as string).claims).to.include({ preferred_username: username });
      await app.get('/protected', body.access_token as string).expect(200);
    });

    it('revokes no token if nothing changes that rights depend on', async () => {
      const { user, tokens, path } = await loggedIn('reader', 'writer');
      for (const change of [
        {},
        { roles: ['writer', 'reader'] },
        { disabled: false },
        { username: user.username },
      ]) {
        await app.patch(path, change, admin).expect(200);
        await app.get('/protected', tokens.access_token).expect(200);
      }
    });

    it('does not affect other users', async () => {
      const bystander = await loggedIn('reader');
      const { path } = await loggedIn('reader');
      await app.patch(path, { roles: [], password: 'another horse battery' }, admin).expect(200);
      await app.delete(path, admin).expect(204);
      await app.get('/protected', bystander.tokens.access_token).expect(200);
    });

    it('lets one of many concurrent requests create a name', async () => {
      const statuses = await Promise.all(
        ['Wanted', 'WANTED', 'wanted', 'ｗａｎｔｅｄ'].map(
          async (username) => (await app.post('/users', { username, password }, admin)).status,
        ),
      );
      expect(statuses.sort()).to.deep.equal([201, 409, 409, 409]);
    });

    it('lets one of many concurrent requests change to a name', async () => {
      const users = [await loggedIn(), await loggedIn(), await loggedIn()];
      const statuses = await Promise.all(
        users.map(async ({ path }) => (await app.patch(path, { username: 'longed for' }, admin)).status),
      );
      expect(statuses.sort()).to.deep.equal([200, 409, 409]);
    });
  });

  describe(`The last administrator on ${kind}`, () => {
    let app: TestApp;
    /** May change users, but is not an administrator. */
    let manager: string;
    let admin: User;
    before(async () => {
      app = await TestApp.start({ database: kind });
      const { access_token: token } = await app.login();
      await app.put('/roles/manager', { permissions: ['users:read', 'users:write'] }, token).expect(201);
      await app.createUser('manager', password, ['manager']);
      manager = (await app.login('manager', password)).access_token;
      admin = (await app.get('/users?name=admin', manager)).body.items[0] as User;
    });
    after(() => app.close());

    const administrators = async (): Promise<User[]> =>
      ((await app.get('/users', manager)).body.items as User[]).filter(
        ({ roles, disabled }) => roles.includes('admin') && !disabled,
      );

    for (const [what, method, body] of [
      ['be deleted', 'delete', undefined],
      ['be disabled', 'patch', { disabled: true }],
      ['lose the role', 'patch', { roles: ['manager'], username: 'demoted' }],
    ] as const) {
      it(`cannot ${what}, and is not changed`, async () => {
        const { access_token: token } = await app.login();
        const before = await administrators();
        expect(before).to.have.length(1);
        for (const caller of [manager, token]) {
          const request = app.request(method, `/users/${admin.id}`, caller);
          const { body: problem } = await (body ? request.send(body) : request).expect(409);
          expect(problem).to.include({ code: 'last_administrator' });
        }
        expect(await administrators()).to.deep.equal(before);
        await app.get('/protected', token).expect(200);
      });
    }

    it('does not count if disabled', async () => {
      const other = await app.createUser('disabled administrator', password, ['admin']);
      await app.patch(`/users/${other.id}`, { disabled: true }, manager).expect(200);
      await app.patch(`/users/${admin.id}`, { disabled: true }, manager).expect(409);
      await app.delete(`/users/${other.id}`, manager).expect(204);
    });

    it('can be changed in everything else', async () => {
      await app
        .patch(`/users/${admin.id}`, { username: 'root', roles: ['admin', 'manager'] }, manager)
        .expect(200);
      await app.patch(`/users/${admin.id}`, { username: 'admin', roles: ['admin'] }, manager).expect(200);
    });

    for (const [what, remove] of [
      ['deleted', (path: string) => app.delete(path, manager)],
      ['disabled', (path: string) => app.patch(path, { disabled: true }, manager)],
      ['stripped', (path: string) => app.patch(path, { roles: [] }, manager)],
    ] as const) {
      it(`remains if all of them are ${what} at once`, async () => {
        const made = [];
        for (const number of [1, 2]) {
          const username = `${what} ${number}`;
          const { body } = await app
            .post('/users', { username, password, roles: ['admin'] }, manager)
            .expect(201);
          made.push(body as User);
        }
        const everyone = await administrators();
        const statuses = await Promise.all(
          everyone.map(async ({ id }) => (await remove(`/users/${id}`)).status),
        );
        expect(statuses.filter((status) => status === 409)).to.have.length(1);
        expect(statuses.filter((status) => status < 300)).to.have.length(everyone.length - 1);
        const [left, ...others] = await administrators();
        expect(others).to.deep.equal([]);
        expect(left?.id).to.equal(everyone[statuses.indexOf(409)]?.id);
      });
    }
  });
}
