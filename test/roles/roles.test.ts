import { expect } from 'chai';
import type { AccessTokenClaims } from '../../src/tokens/access-token-claims.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { formatCodePoint } from '../../src/text/freeform-text.js';
import { databaseKinds } from '../support/databases.js';
import { waitUntilBlocked } from '../support/postgres.js';
import { contractPermissions, TestApp } from '../support/test-app.js';

const password = 'correct horse battery';
const permissions = ['reports:read'];

describe('/roles', () => {
  let app: TestApp;
  let admin: string;
  before(async () => {
    app = await TestApp.start();
    admin = (await app.login()).access_token;
  });
  after(() => app.close());

  const names = async (): Promise<string[]> =>
    ((await app.get('/roles', admin).expect(200)).body.items as { name: string }[]).map(({ name }) => name);

  describe('permissions that do not fit into an access token', () => {
    /** Permissions with about this many characters. */
    const much = (prefix: string, characters: number): string[] =>
      Array.from({ length: Math.floor(characters / 91) }, (_, index) => `${prefix}:${index}`.padEnd(90, 'x'));
    const refused = { permissions: /more than an access token can carry/ };

    it('are refused for one role', async () => {
      const { body } = await app.put('/roles/huge', { permissions: much('a', 6000) }, admin).expect(422);
      expect(body.errors.permissions).to.match(refused.permissions);
      expect(await names()).not.to.include('huge');
    });

    it('are refused for the roles of a user together, and nothing changes', async () => {
      for (const name of ['large-1', 'large-2'])
        await app.put(`/roles/${name}`, { permissions: much(name, 3000) }, admin).expect(201);
      const user = await app.createUser('laden', password, ['large-1']);
      const both = { roles: ['large-1', 'large-2'] };
      const { body } = await app.patch(`/users/${user.id}`, both, admin).expect(422);
      expect(body.errors.roles).to.match(refused.permissions);
      await app.put('/roles/small', { permissions: ['b:c'] }, admin).expect(201);
      await app.patch(`/users/${user.id}`, { roles: ['large-1', 'small'] }, admin).expect(200);
      const grown = await app.put('/roles/small', { permissions: much('c', 3000) }, admin).expect(422);
      expect(grown.body.errors.permissions).to.match(refused.permissions);
      const { scope, access_token: token } = await app.login('laden', password);
      expect(scope.split(' ')).to.include('b:c');
      await app.get('/protected', token).expect(200);
    });
  });

  describe('permissions', () => {
    const tokens: Record<string, string> = {};
    before(async () => {
      for (const permission of ['roles:read', 'roles:write']) {
        const role = permission.replace(':', '-');
        await app.put(`/roles/${role}`, { permissions: [permission] }, admin).expect(201);
        await app.createUser(permission, password, [role]);
        tokens[permission] = (await app.login(permission, password)).access_token;
      }
    });

    for (const [method, path, permission, allowed, sent] of [
      ['get', '/roles', 'roles:read', 200, undefined],
      ['put', '/roles/who-may', 'roles:write', 201, { permissions }],
      ['delete', '/roles/who-may-not', 'roles:write', 404, undefined],
    ] as const) {
      const findMissingToolchain = permission === 'roles:read' ? 'roles:write' : 'roles:read';

      it(`${method} ${path} requires ${permission}`, async () => {
        const anonymous = await app.request(method, path).send(sent).expect(401);
        expect(anonymous.body).to.include({ code: 'authentication_required' });
        const refused = await app.request(method, path, tokens[findMissingToolchain]).send(sent).expect(403);
        expect(refused.body).to.include({ code: 'insufficient_scope' });
        expect(refused.headers['www-authenticate']).to.include(`scope="${permission}"`);
        await app.request(method, path, tokens[permission]).send(sent).expect(allowed);
      });
    }
  });

  describe('GET /roles', () => {
    it('returns the built-in role, which has all permissions of the contract', async () => {
      const { body } = await app.get('/roles', admin).expect(200);
      const now = new Date(app.clock.now()).toISOString();
      expect(body.items[0]).to.deep.equal({
        name: 'admin',
        description: 'Holds every permission that the contract names.',
        permissions: contractPermissions,
        built_in: true,
        created_at: now,
        updated_at: now,
      });
      const own = ['clients', 'roles', 'users'].flatMap((what) => [`${what}:read`, `${what}:write`]);
      expect(contractPermissions).to.include.members(own);
    });

    it('lists roles by name', async () => {
      for (const name of ['zebra', 'aardvark']) await app.put(`/roles/${name}`, { permissions }, admin);
      const all = await names();
      expect(all).to.include.members(['aardvark', 'admin', 'zebra']);
      expect(all).to.deep.equal([...all].sort());
    });
  });

  describe('PUT /roles/{name}', () => {
    it('creates a role', async () => {
      const { body } = await app
        .put('/roles/auditor', { description: 'Reads', permissions: ['b:x', 'a/y', 'b:x'] }, admin)
        .expect(201);
      const now = new Date(app.clock.now()).toISOString();
      expect(body).to.deep.equal({
        name: 'auditor',
        description: 'Reads',
        permissions: ['a/y', 'b:x'],
        built_in: false,
        created_at: now,
        updated_at: now,
      });
      const { body: all } = await app.get('/roles', admin);
      expect(all.items).to.deep.include(body);
    });

    it('replaces the whole of an existing role', async () => {
      const { body: made } = await app
        .put('/roles/replaced', { description: 'Reads', permissions }, admin)
        .expect(201);
      app.clock.advance(60);
      const { body } = await app.put('/roles/replaced', { permissions: [] }, admin).expect(200);
      expect(body).to.deep.equal({
        ...made,
        description: '',
        permissions: [],
        updated_at: new Date(app.clock.now()).toISOString(),
      });
      expect((await app.get('/roles', admin)).body.items).to.deep.include(body);
    });

    it('creates one role if many requests with its name come at once', async () => {
      const statuses = await Promise.all(
        Array.from(
          { length: 4 },
          async () => (await app.put('/roles/at-once', { permissions }, admin)).status,
        ),
      );
      expect(statuses.sort()).to.deep.equal([200, 200, 200, 201]);
    });

    for (const name of ['a', 'A.b_c-1', '7', 'x'.repeat(100)]) {
      it(`accepts the name ${name.slice(0, 10)}`, () =>
        app.put(`/roles/${name}`, { permissions }, admin).expect(201));
    }

    for (const name of ['-a', '.hidden', 'a b', 'ä', 'a:b', 'a,b', 'x'.repeat(101)]) {
      it(`refuses the name ${name.slice(0, 10)}`, async () => {
        const { body } = await app
          .put(`/roles/${encodeURIComponent(name)}`, { permissions }, admin)
          .expect(422);
        expect(body.errors).to.have.all.keys('name');
        expect(await names()).not.to.include(name);
      });
    }

    for (const permission of ['', 'a b', '-a', 'ä', 'a,b', 'a"b', 'x'.repeat(101), 1]) {
      it(`refuses the permission ${JSON.stringify(permission).slice(0, 10)}`, async () => {
        const { body } = await app
          .put('/roles/faulty', { permissions: ['fine', permission] }, admin)
          .expect(422);
        expect(body.errors).to.have.all.keys('permissions.1');
        expect(await names()).not.to.include('faulty');
      });
    }

    for (const [what, fields, field] of [
      ['no permissions', {}, 'permissions'],
      ['permissions that are no list', { permissions: 'reports:read' }, 'permissions'],
      ['more than a thousand', { permissions: Array<string>(1001).fill('a') }, 'permissions'],
      ['a description that is too long', { permissions, description: 'x'.repeat(501) }, 'description'],
      ['a description of control characters', { permissions, description: 'a\u0000b' }, 'description'],
      ...[
        ...['\n', '\u001b', '\u0085', '\u009b', '\u061c', '\u200e', '\u2028', '\u202e', '\u2066', '\u2069'],
        ...['\u00ad', '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\ufe0f', '\u2800', '\u{e0061}'],
      ].map(
        (character) =>
          [
            `a description with ${formatCodePoint(character)}`,
            { permissions, description: `a${character}b` },
            'description',
          ] as const,
      ),
      ['a field that cannot be set', { permissions, built_in: true }, 'built_in'],
    ] as const) {
      it(`refuses ${what}`, async () => {
        const { body } = await app.put('/roles/faulty', fields, admin).expect(422);
        expect(body.errors).to.have.all.keys(field);
        expect(await names()).not.to.include('faulty');
      });
    }
  });

  it('keeps an existing description that has invisible characters', async () => {
    const description = 'Reads\u200b';
    await app.put('/roles/described', { permissions }, admin).expect(201);
    const { queries } = app.services.database;
    await queries.updateTable('roles').set({ description }).where('name', '=', 'described').execute();
    await app.put('/roles/described', { permissions: [], description }, admin).expect(200);
    await app.put('/roles/described', { permissions: [], description: `${description}.` }, admin).expect(422);
  });

  describe('DELETE /roles/{name}', () => {
    it('deletes a role, once', async () => {
      await app.put('/roles/passing', { permissions }, admin).expect(201);
      await app.delete('/roles/passing', admin).expect(204);
      expect(await names()).not.to.include('passing');
      const { body } = await app.delete('/roles/passing', admin).expect(404);
      expect(body).to.include({ code: 'role_not_found' });
    });

    it('refuses an invalid name', async () => {
      const { body } = await app.delete('/roles/a%20b', admin).expect(422);
      expect(body.errors).to.have.all.keys('name');
    });
  });

  it('does not change the built-in role', async () => {
    const { body: before } = await app.get('/roles', admin);
    for (const request of [
      app.put('/roles/admin', { permissions: [] }, admin),
      app.delete('/roles/admin', admin),
    ]) {
      const { body } = await request.expect(409);
      expect(body).to.include({ code: 'role_protected' });
    }
    expect((await app.get('/roles', admin)).body).to.deep.equal(before);
    await app.get('/protected', admin).expect(200);
  });

  it('writes an audit row for each change', async () => {
    const rows = () =>
      app.services.database.queries.selectFrom('audit').selectAll().where('target', '=', 'audited').execute();
    await app.put('/roles/audited', { permissions }, admin).expect(201);
    await app.put('/roles/audited', { permissions: [] }, admin).expect(200);
    const { headers } = await app.delete('/roles/audited', admin).expect(204);
    await app.delete('/roles/audited', admin).expect(404);
    const found = await rows();
    expect(found.map(({ event }) => event)).to.have.members(['role_created', 'role_updated', 'role_deleted']);
    const { body: me } = await app.get('/me', admin);
    expect(found.find(({ event }) => event === 'role_deleted')).to.include({
      actor_id: me.id,
      request_id: headers['x-request-id'],
    });
  });
});

for (const kind of databaseKinds) {
  describe(`A change of a role on ${kind}`, () => {
    let app: TestApp;
    let admin: string;
    let made = 0;
    before(async () => {
      app = await TestApp.start({ database: kind });
      admin = (await app.login()).access_token;
    });
    after(() => app.close());

    const put = (name: string, permitted: readonly string[]) =>
      app.put(`/roles/${name}`, { permissions: permitted }, admin);

    const holderOf = async (...roles: readonly string[]): Promise<TokenSet> => {
      const username = `holder ${++made}`;
      await app.post('/users', { username, password, roles }, admin).expect(201);
      return app.login(username, password);
    };

    /** Checks that the access token is refused, and that a refreshed one has these rights. */
    const expectNewRights = async (tokens: TokenSet, scope: string): Promise<void> => {
      const { body } = await app.get('/protected', tokens.access_token).expect(401);
      expect(body).to.include({ code: 'invalid_token' });
      const refreshed = await app.post('/refresh', { refresh_token: tokens.refresh_token }).expect(200);
      expect(refreshed.body.scope).to.equal(scope);
      await app.get('/protected', refreshed.body.access_token as string).expect(200);
    };

    it('applies to the next request of all its holders, and to no other user', async () => {
      await put('changed', ['a', 'b']).expect(201);
      await put('unchanged', ['c']).expect(201);
      const first = await holderOf('changed');
      const second = await holderOf('changed', 'unchanged');
      const other = await holderOf('unchanged');
      await put('changed', ['b', 'd']).expect(200);
      await expectNewRights(first, 'b d');
      await expectNewRights(second, 'b c d');
      await app.get('/protected', other.access_token).expect(200);
      await app.get('/protected', admin).expect(200);
    });

    it('applies to its holders when the role is deleted', async () => {
      await put('deleted', ['a']).expect(201);
      await put('kept', ['b']).expect(201);
      const holder = await holderOf('deleted', 'kept');
      expect(holder.scope).to.equal('a b');
      await app.delete('/roles/deleted', admin).expect(204);
      await expectNewRights(holder, 'b');
      await put('deleted', ['a']).expect(201);
      const { body } = await app.get('/users?name=holder', admin);
      const users = body.items as { roles: string[] }[];
      for (const { roles } of users) expect(roles).not.to.include('deleted');
    });

    it('revokes no token if the permissions stay the same', async () => {
      await put('steady', ['a', 'b']).expect(201);
      const holder = await holderOf('steady');
      await put('steady', ['b', 'a', 'b']).expect(200);
      await app
        .put('/roles/steady', { permissions: ['a', 'b'], description: 'Described again' }, admin)
        .expect(200);
      await app.get('/protected', holder.access_token).expect(200);
    });

    it('is accepted from an operation that requires the permission', async () => {
      await put('user-reader', ['users:read']).expect(201);
      const { access_token: token, refresh_token: refresh } = await holderOf('user-reader');
      await app.get('/users', token).expect(200);
      await put('user-reader', []).expect(200);
      await app.get('/users', token).expect(401);
      const { body } = await app.post('/refresh', { refresh_token: refresh }).expect(200);
      await app.get('/users', body.access_token as string).expect(403);
    });
  });
}

describe('Roles that change during other changes, on postgres', () => {
  let app: TestApp;
  let admin: string;
  let made = 0;
  /** The name of a role with the permission `old`. */
  let role: string;
  before(async () => {
    app = await TestApp.start({ database: 'postgres' });
    admin = (await app.login()).access_token;
  });
  after(() => app.close());
  beforeEach(async () => {
    role = `role-${++made}`;
    await put(['old']);
  });

  const put = async (permitted: readonly string[]): Promise<number> =>
    (await app.put(`/roles/${role}`, { permissions: permitted }, admin)).status;

  const addHolder = async (...roles: readonly string[]): Promise<{ id: string; tokens: TokenSet }> => {
    const username = `holder ${++made}`;
    const { body } = await app.post('/users', { username, password, roles }, admin).expect(201);
    return { id: body.id as string, tokens: await app.login(username, password) };
  };

  /** Runs `work` while a transaction holds a lock on the role's row. */
  const whileLocked = <T>(work: () => Promise<T>) =>
    app.services.database.transaction(async (transaction) => {
      await transaction.updateTable('roles').set({ description: '' }).where('name', '=', role).execute();
      return work();
    });

  const claimsOf = (name: string, version: number): AccessTokenClaims =>
    ({ ...{ sid: '-', jti: '-', sub: '-', ver: 0 }, roles: [name], roles_ver: version }) as never;

  it('revoke the tokens of each change, even if the last one restores the first one’s permissions', async () => {
    const { id } = await addHolder(role);
    const { roles_version: before } = await app.services.users.get(id);
    const changes = await whileLocked(async () => {
      const first = put(['new']);
      await waitUntilBlocked(app.services.database, 1);
      const second = put(['old']);
      await waitUntilBlocked(app.services.database, 2);
      return { first, second };
    });
    expect(await Promise.all([changes.first, changes.second])).to.deep.equal([200, 200]);
    const { roles_version: after } = await app.services.users.get(id);
    expect(after).to.equal(before + 2);
    expect(app.services.revocations.isRevoked(claimsOf(role, before + 1))).to.be.true;
    expect(app.services.revocations.isRevoked(claimsOf(role, after))).to.be.false;
  });

  for (const [what, change, scope] of [
    ['replaced', () => put(['new']), 'new'],
    ['deleted', async () => (await app.delete(`/roles/${role}`, admin)).status, ''],
  ] as const) {
    it(`leave no earlier token to a user who gets the role while it is ${what}`, async () => {
      await addHolder(role);
      const newcomer = await addHolder();
      const database = app.services.database;
      const both = await whileLocked(async () => {
        const changed = change();
        await waitUntilBlocked(database, 1);
        const refreshed = app
          .patch(`/users/${newcomer.id}`, { roles: [role] }, admin)
          .then(() => app.post('/refresh', { refresh_token: newcomer.tokens.refresh_token }).expect(200));
        await Promise.race([refreshed, waitUntilBlocked(database, 2)]);
        return { changed, refreshed };
      });
      expect(await both.changed).to.be.oneOf([200, 204]);
      const { body: tokens } = await both.refreshed;
      expect(tokens.scope).to.equal(scope);
      await app.get('/protected', tokens.access_token as string).expect(200);
    });
  }

  it('cause no 500 when a user is created with a role that is being deleted', async () => {
    await addHolder(role);
    const both = await whileLocked(async () => {
      const deleted = app.delete(`/roles/${role}`, admin).expect(204).then();
      await waitUntilBlocked(app.services.database, 1);
      const created = app
        .post('/users', { username: `user ${++made}`, password, roles: [role] }, admin)
        .then();
      await waitUntilBlocked(app.services.database, 2);
      return { deleted, created };
    });
    await both.deleted;
    const { status, body } = await both.created;
    expect(status).to.equal(422);
    expect(body.errors).to.deep.equal({ roles: `there is no role "${role}"` });
  });
});
