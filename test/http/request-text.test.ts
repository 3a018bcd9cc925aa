import { expect } from 'chai';
import fc from 'fast-check';
import { findTextError } from '../../src/http/request-text.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { databaseKinds } from '../support/databases.js';
import { sendRawRequest } from '../support/raw-request.js';
import { TestApp } from '../support/test-app.js';

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    maxLength: 20,
  }),
);

for (const database of databaseKinds) {
  describe(`The texts of requests on ${database}`, () => {
    let app: TestApp;
    let tokens: TokenSet;
    let admin: string;
    before(async () => {
      app = await TestApp.start({ database });
      tokens = await app.login();
      admin = tokens.access_token;
    });
    after(() => app.close());

    const raw = (path: string, type: string, body: string | Buffer) =>
      app
        .post(path, undefined, admin)
        .set('Content-Type', type)
        .serialize((body: string) => body)
        .send(body as string);

    for (const [what, body, field] of [
      ['a lone high surrogate', '{"username":"x","password":"\\ud800 and more"}', 'password'],
      ['a lone low surrogate', '{"username":"\\uDC00x","password":"and more"}', 'username'],
      ['two in the wrong order', '{"username":"\\udc00\\ud800","password":"and more"}', 'username'],
      ['a NUL', '{"username":"x","password":"\\u0000 and more"}', 'password'],
      [
        'a lone surrogate in a list',
        '{"username":"x","password":"and more","roles":["a","\\ud800"]}',
        'roles.1',
      ],
      ['one in what is nested', '{"a":{"b":[{"c":"\\ud800"}]}}', 'a.b.0.c'],
      ['one in a name', '{"\\ud800":1}', '\ufffd'],
      ['one in a name that is nested', '{"a":{"x\\udfff":1}}', 'a.x\ufffd'],
      ['a NUL in a name', '{"a\\u0000":1}', 'a\u0000'],
    ] as const) {
      it(`are refused with ${what} in JSON, by the field`, async () => {
        const { body: problem } = await raw('/users', 'application/json', body).expect(422);
        expect(problem).to.include({ code: 'validation_failed' });
        expect(problem.errors).to.have.all.keys(field);
      });
    }

    for (const type of [
      'application/json; charset=utf-16',
      'application/json; charset= utf-16',
      'application/json; charset =utf-16le',
      'application/json; charset="utf-16"',
      'application/json; charset="utf-\\16"',
      'application/json; x="; charset=utf-8"; charset=utf-16',
      'application/json; charset=utf-7',
      'application/json; charset=iso-8859-1',
    ]) {
      it(`are refused in ${type}`, async () => {
        const client = Buffer.from('{"name":"\\u0000 \\ud800","audience":["a"]}', 'utf16le');
        const { body: problem } = await raw('/clients', type, client).expect(415);
        expect(problem).to.include({ code: 'unsupported_media_type' });
      });
    }

    for (const [body, field] of [
      ['{"a":{"b":[{"__proto__":{"admin":true}}]}}', 'a.b.0.__proto__'],
      ['{"a":{"__pr\\u006fto__":1}}', 'a.__proto__'],
    ] as const) {
      it(`are refused with a name that could change a prototype: ${body}`, async () => {
        const { body: problem } = await raw('/users', 'application/json', body).expect(422);
        expect(problem.errors).to.deep.equal({ [field]: 'is not a field of this request' });
      });
    }

    it('are refused in a form that is not UTF-8', async () => {
      await raw('/oauth/token', 'application/x-www-form-urlencoded; charset= iso-8859-1', 'a=b').expect(415);
    });

    it('are accepted with well-formed escapes', async () => {
      const { body } = await raw(
        '/clients',
        'application/json',
        '{"client_name":"\\ud83d\\ude42 \\\\ud800 \\u00e9","token_endpoint_auth_method":"client_secret_basic"}',
      ).expect(201);
      expect(body.client_name).to.equal('🙂 \\ud800 é');
    });

    it('are refused at any depth, without recursion', async () => {
      const deep = 10_000;
      const { body } = await raw(
        '/users',
        'application/json',
        `{"a":${'['.repeat(deep)}"\\ud800"${']'.repeat(deep)}}`,
      ).expect(422);
      expect(Object.keys(body.errors as object)).to.have.length(1);
    });

    for (const [what, bytes] of [
      ['a byte that begins nothing', [0xff]],
      ['a sequence that ends too soon', [0xc3]],
      ['an overlong encoding', [0xc0, 0xaf]],
      ['an overlong NUL', [0xc0, 0x80]],
      ['a surrogate in UTF-8 (CESU-8)', [0xed, 0xa0, 0x80]],
      ['a code point beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
    ] as const) {
      const escaped = bytes.map((byte) => `%${byte.toString(16)}`).join('');

      it(`are refused with ${what} in JSON`, async () => {
        const body = Buffer.concat([
          Buffer.from('{"username":"x'),
          Buffer.from(bytes),
          Buffer.from('","password":"and more"}'),
        ]);
        const { body: problem } = await raw('/users', 'application/json', body).expect(400);
        expect(problem).to.include({ code: 'malformed_json' });
        expect(problem.detail).to.include('UTF-8');
      });

      it(`are refused with ${what} in a query, by the field`, async () => {
        const { body } = await app.get(`/users?limit=5&name=a${escaped}`, admin).expect(422);
        expect(body.errors).to.have.all.keys('name');
        const { body: named } = await app.get(`/users?n${escaped}=a`, admin).expect(422);
        expect(Object.values(named.errors as object)).to.deep.equal(['must be UTF-8']);
      });

      it(`are refused with ${what} in a path`, async () => {
        await app.get(`/users/${escaped}`, admin).expect(400);
        await app.put(`/roles/${escaped}`, { permissions: [] }, admin).expect(400);
      });

      it(`are refused with ${what} in a form, by the field`, async () => {
        for (const value of [Buffer.from(escaped), Buffer.from(bytes)]) {
          const body = Buffer.concat([Buffer.from('grant_type=refresh_token&refresh_token='), value]);
          const { body: error } = await app
            .post('/oauth/token')
            .set('Content-Type', 'application/x-www-form-urlencoded')
            .serialize((body: string) => body)
            .send(body as unknown as string)
            .expect(400);
          expect(error).to.include({ error: 'invalid_request' });
          expect(error.error_description).to.include('refresh_token');
        }
      });
    }

    it('are refused with a NUL in a query, a path and a form', async () => {
      expect((await app.get('/users?name=%00', admin).expect(422)).body.errors).to.have.all.keys('name');
      expect((await app.get('/users/%00', admin).expect(422)).body.errors).to.have.all.keys('id');
      await app.get('/problems/%00').expect(422);
      await app.postForm('/oauth/token', { grant_type: '\0' }).expect(400);
    });

    it('are accepted in a query as escaped UTF-8, and refused by Node unescaped', async () => {
      const { body } = await app.get('/users?name=%C3%A9', admin).expect(200);
      expect(body.items).to.deep.equal([]);
      for (const bytes of ['\u00c3\u00a9', '\u00e9']) {
        const head = [
          `GET /users?name=${bytes} HTTP/1.1`,
          'Host: x',
          `Authorization: Bearer ${admin}`,
          'Connection: close',
        ];
        const { status } = await sendRawRequest(app.url, `${head.join('\r\n')}\r\n\r\n`);
        expect(status).to.equal(400);
      }
    });

    it('cause no 500 anywhere, and are returned unchanged where they are accepted', async () => {
      await fc.assert(
        fc.asyncProperty(anyText, anyText, async (one, other) => {
          const expected = (text: string): readonly number[] =>
            findTextError(text) === undefined ? [201, 422] : [422];
          const { status, body } = await app.post(
            '/clients',
            { client_name: one, token_endpoint_auth_method: 'client_secret_basic' },
            admin,
          );
          expect(status).to.be.oneOf(expected(one));
          if (status === 201) {
            expect(body.client_name).to.equal(one);
            expect((await app.get(`/clients/${body.client_id}`, admin)).body.client_name).to.equal(one);
          }
          const role = await app.put('/roles/described', { permissions: [], description: one }, admin);
          expect(role.status).to.be.oneOf([200, 201, 422]);
          if (role.status < 300) expect(role.body.description).to.equal(one);
          const keyed = await app.post(
            '/users',
            { username: 'x', password: other, [one]: other, nested: { [other]: [one] } },
            admin,
          );
          expect(keyed.status).to.equal(422);
          const query = `${encodeURIComponent(one.toWellFormed())}=${encodeURIComponent(other.toWellFormed())}`;
          expect(
            (await app.get(`/users?${query}&name=${encodeURIComponent(other.toWellFormed())}`, admin)).status,
          ).to.be.oneOf([200, 422]);
          const found = await app.get(`/users/${encodeURIComponent(one.toWellFormed()) || 'x'}`, admin);
          expect(found.status).to.be.oneOf([200, 301, 404, 422]);
          for (const path of ['/oauth/token', '/oauth/introspect', '/oauth/revoke']) {
            const { status: oauth } = await app.postForm(path, {
              grant_type: one,
              token: other,
              [other]: one,
              client_id: one,
              client_secret: other,
            });
            expect(oauth).to.be.oneOf([400, 401, 429]);
          }
          const { status: refreshed } = await app.post('/refresh', { refresh_token: one });
          expect(refreshed).to.be.oneOf([401, 422]);
        }),
        { numRuns: 60 },
      );
    });

    it('cause no 500 in headers and cookies', async () => {
      const header = fc.string({
        unit: fc
          .integer({ min: 0x20, max: 0xff })
          .filter((unit) => unit !== 0x7f)
          .map((unit) => String.fromCharCode(unit)),
        maxLength: 40,
      });
      await fc.assert(
        fc.asyncProperty(header, async (text) => {
          const { status } = await app
            .get('/protected')
            .set('Authorization', `Bearer ${text}`)
            .set('Cookie', `a=${text}; b=%ff`)
            .set('X-Request-Id', text);
          expect(status).to.equal(401);
          await app.post('/login', { username: 'admin', password: 'wrong' }).set('User-Agent', text);
          const basic = await app
            .postForm('/oauth/token', { grant_type: 'client_credentials' })
            .set('Authorization', `Basic ${Buffer.from(text, 'latin1').toString('base64')}`);
          expect(basic.status).to.be.oneOf([400, 401, 429]);
        }),
        { numRuns: 50 },
      );
    });
  });
}
