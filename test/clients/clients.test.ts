import { expect } from 'chai';
import { v7 } from 'uuid';
import type { ClientPage, CreatedClient, RegisteredClient } from '../../src/clients/clients.models.js';
import { formatCodePoint } from '../../src/text/freeform-text.js';
import { createClientKey, createClientRsaKey } from '../support/client-keys.js';
import { TestApp } from '../support/test-app.js';

const nobody = v7();

describe('/clients', () => {
  let app: TestApp;
  let admin: string;
  before(async () => {
    app = await TestApp.start({ settings: { JWT_ACCESS_TOKEN_EXPIRES: '1d' } });
    admin = (await app.login()).access_token;
  });
  after(() => app.close());

  const create = async (fields: object = {}): Promise<CreatedClient> => {
    const { body } = await app.post('/clients', { client_name: 'Export', ...fields }, admin).expect(201);
    return body as CreatedClient;
  };

  describe('permissions', () => {
    const body = { client_name: 'Who may' };
    const password = 'the password of a manager';
    const tokens: Record<string, string> = {};

    before(async () => {
      for (const permission of ['clients:read', 'clients:write']) {
        const role = permission.replace(':', '-');
        await app.put(`/roles/${role}`, { permissions: [permission] }, admin).expect(201);
        await app.createUser(role, password, [role]);
        tokens[permission] = (await app.login(role, password)).access_token;
      }
    });

    for (const [method, path, permission, allowed, sent] of [
      ['get', '/clients', 'clients:read', 200, undefined],
      ['post', '/clients', 'clients:write', 201, body],
      ['get', `/clients/${nobody}`, 'clients:read', 404, undefined],
      ['patch', `/clients/${nobody}`, 'clients:write', 404, body],
      ['delete', `/clients/${nobody}`, 'clients:write', 404, undefined],
      ['post', `/clients/${nobody}/secret`, 'clients:write', 404, undefined],
    ] as const) {
      const findMissingToolchain = permission === 'clients:read' ? 'clients:write' : 'clients:read';

      it(`${method} ${path.replace(nobody, '{id}')} requires ${permission}`, async () => {
        await app.request(method, path).send(sent).expect(401);
        const refused = await app.request(method, path, tokens[findMissingToolchain]).send(sent).expect(403);
        expect(refused.body).to.include({ code: 'insufficient_scope' });
        const response = await app.request(method, path, tokens[permission]).send(sent).expect(allowed);
        if (allowed === 404) expect(response.body).to.include({ code: 'client_not_found' });
      });
    }
  });

  describe('POST /clients', () => {
    it('responds with the client and its secret, which is shown once', async () => {
      const { client_secret: secret, ...client } = await create({
        scope: 'reports:write reports:read reports:read',
        audiences: ['https://b.example', 'https://a.example', 'https://a.example'],
        access_token_lifetime: 600,
      });
      const now = new Date(app.clock.now()).toISOString();
      expect(secret).to.match(/^lk_cs_[\w-]{43}$/);
      expect(client).to.deep.equal({
        client_id: client.client_id,
        client_name: 'Export',
        token_endpoint_auth_method: 'client_secret_basic',
        scope: 'reports:read reports:write',
        audiences: ['https://a.example', 'https://b.example'],
        introspection_audiences: [],
        access_token_lifetime: 600,
        disabled: false,
        created_at: now,
        updated_at: now,
      });
      const { body } = await app.get(`/clients/${client.client_id}`, admin).expect(200);
      expect(body).to.deep.equal(client);
    });

    it('returns a different secret for each client, and stores none', async () => {
      const made = [await create(), await create()].map(({ client_secret: secret }) => secret ?? '');
      expect(new Set(made)).to.have.length(2);
      const kept = JSON.stringify(
        await app.services.database.queries.selectFrom('clients').selectAll().execute(),
      );
      for (const secret of made) expect(kept).not.to.include(secret.replace('lk_cs_', ''));
    });

    it('returns only the requested properties', async () => {
      const client = await create();
      expect(client).to.deep.include({ scope: '', audiences: [] });
      expect(client).not.to.have.any.keys('access_token_lifetime', 'jwks');
    });

    it('accepts public keys instead of a secret, and stores only their public members', async () => {
      const { jwk } = createClientKey({ kid: 'first', alg: 'ES256' });
      const client = await create({
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [{ ...jwk, use: 'sig', key_ops: ['verify'], ext: true }] },
      });
      expect(client).not.to.have.property('client_secret');
      expect(client.jwks).to.deep.equal({ keys: [{ ...jwk, use: 'sig' }] });
    });

    it('writes an audit row', async () => {
      const { client_id: id } = await create();
      const [row] = (await app.audited('client_created')).filter(({ target }) => target === id);
      expect(row?.actor_id).to.be.a('string');
    });

    const { jwk } = createClientKey();
    const { privateKey, jwk: rsa } = createClientRsaKey(1024);
    const keys = (...list: object[]) => ({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: list },
    });
    for (const [what, fields, field] of [
      ['an empty name', { client_name: '' }, 'client_name'],
      ['a space before the name', { client_name: ' Export' }, 'client_name'],
      ['a space after the name', { client_name: 'Export ' }, 'client_name'],
      ['a no-break space after the name', { client_name: 'Export\u00a0' }, 'client_name'],
      ['a name of a space', { client_name: ' ' }, 'client_name'],
      ['a control character in the name', { client_name: 'a\u0000b' }, 'client_name'],
      ...[
        ...['\t', '\n', '\u001b', '\u007f', '\u0085', '\u009b', '\u2028', '\u2029'],
        ...['\u061c', '\u200e', '\u200f', '\u202a', '\u202e', '\u2066', '\u2069'],
        ...['\u00ad', '\u180e', '\u200b', '\u200c', '\u200d', '\u2060', '\u2063', '\u3164', '\ufeff'],
        ...['\ufe0f', '\u{e0061}', '\u{e0100}', '\u2800', '\ue000', '\ufdd0'],
      ].map(
        (character) =>
          [
            `${formatCodePoint(character)} in the name`,
            { client_name: `Ex${character}port` },
            'client_name',
          ] as const,
      ),
      [
        'an unknown way to authenticate',
        { token_endpoint_auth_method: 'none' },
        'token_endpoint_auth_method',
      ],
      ['a scope with two spaces', { scope: 'a  b' }, 'scope'],
      ['a scope with a quote', { scope: 'a"b' }, 'scope'],
      ['an audience with a space', { audiences: ['a b'] }, 'audiences.0'],
      ['tokens that never expire', { access_token_lifetime: 0 }, 'access_token_lifetime'],
      ['tokens of more than a day', { access_token_lifetime: 86_401 }, 'access_token_lifetime'],
      ['a secret of its own', { client_secret: 'x' }, 'client_secret'],
      ['keys beside a secret', { jwks: { keys: [jwk] } }, 'jwks'],
      ['private_key_jwt without keys', { token_endpoint_auth_method: 'private_key_jwt' }, 'jwks'],
      ['an empty key set', keys(), 'body.jwks.keys'],
      ['a private key', keys(jwk, privateKey.export({ format: 'jwk' })), 'jwks.keys.1'],
      ['a symmetric key', keys({ kty: 'oct', k: 'c2VjcmV0' }), 'jwks.keys.0'],
      ['an RSA key of 1024 bits', keys(rsa), 'jwks.keys.0'],
      ['a key of another kind', keys({ kty: 'OKP', crv: 'Ed25519', x: jwk.x ?? '' }), 'jwks.keys.0'],
      ['a key that is none', keys({ kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA' }), 'jwks.keys.0'],
      ['a key for encryption', keys({ ...jwk, use: 'enc' }), 'jwks.keys.0'],
      ['a key of another algorithm', keys({ ...jwk, alg: 'RS256' }), 'jwks.keys.0'],
      ['a key of no signature', keys({ ...jwk, alg: 'none' }), 'jwks.keys.0'],
    ] as const) {
      it(`refuses ${what}`, async () => {
        const { body } = await app.post('/clients', { client_name: 'Export', ...fields }, admin).expect(422);
        expect(Object.keys(body.errors as object).map((key) => key.replace(/^body\./, ''))).to.deep.equal([
          field.replace(/^body\./, ''),
        ]);
      });
    }
  });

  describe('GET /clients', () => {
    it('lists all clients, oldest first, a page at a time', async () => {
      const all = (await app.get('/clients?limit=200', admin).expect(200)).body as ClientPage;
      const seen: RegisteredClient[] = [];
      let query = '';
      for (;;) {
        const { body } = await app.get(`/clients?limit=3${query}`, admin).expect(200);
        const page = body as ClientPage;
        seen.push(...page.items);
        if (page.next_cursor === undefined) break;
        expect(page.items).to.have.length(3);
        query = `&cursor=${page.next_cursor}`;
      }
      expect(seen).to.deep.equal(all.items);
      expect(seen.map(({ client_id: id }) => id)).to.deep.equal(seen.map(({ client_id: id }) => id).sort());
    });

    it('shows neither the secret nor internal columns', async () => {
      const { text } = await app.get('/clients?limit=200', admin).expect(200);
      expect(text).not.to.match(/secret_hash|client_secret"|lk_cs_|version/);
    });

    it('refuses an id that is not a UUID', async () => {
      const { body } = await app.get('/clients/latchkey', admin).expect(422);
      expect(body.errors).to.have.all.keys('id');
    });
  });

  describe('PATCH /clients/{id}', () => {
    it('changes the given properties and leaves the others', async () => {
      const { client_secret: secret, ...client } = await create({
        scope: 'a',
        audiences: ['https://a.example'],
      });
      app.clock.advance(60);
      const change = { client_name: 'Renamed', access_token_lifetime: 60 };
      const { body } = await app.patch(`/clients/${client.client_id}`, change, admin).expect(200);
      expect(secret).to.be.a('string');
      expect(body).to.deep.equal({
        ...client,
        ...change,
        updated_at: new Date(app.clock.now()).toISOString(),
      });
      const untouched = await app.patch(`/clients/${client.client_id}`, {}, admin).expect(200);
      expect(untouched.body).to.deep.equal(body);
    });

    it('refuses a name that looks like another one, but keeps an existing one', async () => {
      const { client_id: id } = await create();
      const name = 'Ex\u200bport ';
      const { queries } = app.services.database;
      await queries.updateTable('clients').set({ name }).where('id', '=', id).execute();
      const { body } = await app
        .patch(`/clients/${id}`, { client_name: name, disabled: false }, admin)
        .expect(200);
      expect(body).to.include({ client_name: name });
      const refused = await app.patch(`/clients/${id}`, { client_name: 'Export ' }, admin).expect(422);
      expect(refused.body.errors).to.have.all.keys('client_name');
      await app.patch(`/clients/${id}`, { client_name: 'Export' }, admin).expect(200);
    });

    it('disables and enables a client', async () => {
      const { client_id: id } = await create();
      for (const disabled of [true, true, false]) {
        const { body } = await app.patch(`/clients/${id}`, { disabled }, admin).expect(200);
        expect(body).to.include({ disabled });
      }
    });

    it('refuses keys for a client with a secret, and another authentication method for any client', async () => {
      const { client_id: id } = await create();
      const { body } = await app.patch(`/clients/${id}`, { jwks: { keys: [createClientKey().jwk] } }, admin);
      expect(body.errors).to.have.all.keys('jwks');
      await app.patch(`/clients/${id}`, { token_endpoint_auth_method: 'private_key_jwt' }, admin).expect(422);
    });

    it('writes an audit row', async () => {
      const { client_id: id } = await create();
      await app.patch(`/clients/${id}`, { scope: 'a' }, admin).expect(200);
      expect((await app.audited('client_updated')).map(({ target }) => target)).to.include(id);
    });
  });

  describe('POST /clients/{id}/secret', () => {
    it('shows the new secret once, and writes an audit row', async () => {
      const { client_id: id, client_secret: old } = await create();
      const { body } = await app.post(`/clients/${id}/secret`, undefined, admin).expect(200);
      expect(body).to.have.all.keys('client_id', 'client_secret');
      expect(body.client_secret)
        .to.match(/^lk_cs_[\w-]{43}$/)
        .and.not.equal(old);
      expect((await app.audited('client_secret_replaced')).map(({ target }) => target)).to.include(id);
    });

    it('refuses a client with keys', async () => {
      const { client_id: id } = await create({
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [createClientKey().jwk] },
      });
      const { body } = await app.post(`/clients/${id}/secret`, undefined, admin).expect(409);
      expect(body).to.include({ code: 'client_has_no_secret' });
    });
  });

  it('deletes a client, and writes an audit row', async () => {
    const { client_id: id } = await create();
    await app.delete(`/clients/${id}`, admin).expect(204);
    await app.get(`/clients/${id}`, admin).expect(404);
    await app.delete(`/clients/${id}`, admin).expect(404);
    const audited = (await app.audited('client_deleted')).filter(({ target }) => target === id);
    expect(audited).to.have.length(1);
  });
});
