import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import jwt from 'jsonwebtoken';
import { serviceActor } from '../../src/audit/actor.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { endAllSessions } from '../../src/sessions/end-all-sessions.js';
import { databaseKinds } from '../support/databases.js';
import {
  flaskSettings,
  importFlaskUser,
  signFlaskRefreshToken,
  signFlaskToken,
} from '../support/flask-tokens.js';
import { secondFactorsStore } from '../../src/users/second-factors.store.js';
import { catchRejection } from '../support/rejections.js';
import { TestApp } from '../support/test-app.js';

const secret = flaskSettings.JWT_SECRET_KEY;

for (const kind of databaseKinds) {
  describe(`Tokens of a Flask application on ${kind}`, () => {
    let app: TestApp;
    let admin: string;
    let made = 0;
    before(async () => {
      app = await TestApp.start({
        database: kind,
        settings: {
          ...flaskSettings,
        },
      });
      admin = (await app.login()).access_token;
      await app.put('/roles/reader', { permissions: ['reports:read'] }, admin).expect(201);
      await app.put('/roles/manager', { permissions: ['users:read'] }, admin).expect(201);
    });
    after(() => app.close());

    const importUser = (foreignId: string, roles?: readonly string[], username?: string) =>
      importFlaskUser(app.services, foreignId, roles, username);
    const newUser = async (roles?: readonly string[]): Promise<{ foreignId: string; id: string }> => {
      const foreignId = String((made += 1));
      return { foreignId, id: await importUser(foreignId, roles) };
    };

    const flaskToken = (
      sub: unknown,
      claims: Record<string, unknown> = {},
      key?: string,
      options?: jwt.SignOptions,
    ): string => signFlaskToken(app.clock, sub, claims, key, options);
    const refreshToken = (sub: unknown, claims: Record<string, unknown> = {}, key?: string): string =>
      signFlaskRefreshToken(app.clock, sub, claims, key);
    const open = (token: string, status: number) => app.get('/protected', token).expect(status);
    const exchange = (token: string, status = 200) =>
      app.post('/refresh', { refresh_token: token }).expect(status);

    it('open operations for the imported user, with the permissions that the user has here', async () => {
      const { foreignId } = await newUser();
      const token = flaskToken(foreignId);
      await open(token, 200);
      await open(token, 200);
      await open(flaskToken(Number(foreignId)), 200);
      const { body } = await app.get('/users', token).expect(403);
      expect(body).to.include({ code: 'insufficient_scope' });
      await app.get('/me', token).expect(401);
    });

    it('may have white space in their header, and each member once', async () => {
      const signed = (foreignId: string, header: string, make = flaskToken): string => {
        const payload = make(foreignId).split('.')[1] ?? '';
        const content = `${Buffer.from(header).toString('base64url')}.${payload}`;
        return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`;
      };
      for (const header of [
        '{"alg": "HS256", "typ": "JWT"}',
        '\n{ "typ" :\t"JWT" ,\r\n  "alg" : "HS256" }\n',
      ]) {
        const { foreignId } = await newUser();
        await open(signed(foreignId, header), 200);
        await exchange(signed(foreignId, header, refreshToken));
      }
      const { foreignId } = await newUser();
      for (const header of [
        '{"alg":"HS256","alg":"HS256","typ":"JWT"}',
        '{"alg": "HS256", "typ": "JWT", "kid": "k"}',
        '{"alg": "HS256", "typ": "J WT"}',
        '{"alg":\u00a0"HS256","typ":"JWT"}',
        `{"alg":"HS256",${' '.repeat(200)}"typ":"JWT"}`,
        '{"alg": "HS256"}',
      ]) {
        await open(signed(foreignId, header), 401);
        await exchange(signed(foreignId, header, refreshToken), 401);
      }
    });

    it('give administrators and managers nothing, not even a session', async () => {
      for (const role of ['admin', 'manager']) {
        const { foreignId } = await newUser([role]);
        await open(flaskToken(foreignId), 401);
        await exchange(refreshToken(foreignId), 401);
      }
    });

    it('are refused if they are forged, expired, of another kind, or of nobody', async () => {
      const { foreignId } = await newUser();
      const now = Math.floor(app.clock.now() / 1000);
      const [header = '', payload = '', signature = ''] = flaskToken(foreignId).split('.');
      const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
      // What parsers and databases make of a sub that is no Unicode.
      await importUser('\ufffd', ['reader'], 'replaced');
      const signBytes = (token: string): string => {
        const [head = '', text = ''] = token.split('.');
        const bytes = Buffer.from(Buffer.from(text, 'base64url').toString(), 'latin1');
        const content = `${head}.${bytes.toString('base64url')}`;
        return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`;
      };
      await open(flaskToken('\ufffd'), 200);
      const bad: Record<string, string> = {
        'alg none': `${none}.${payload}.`,
        'alg none with a signature': `${none}.${payload}.${signature}`,
        'no signature': `${header}.${payload}.`,
        'another signature': `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
        padding: `${header}.${payload}.${signature}=`,
        'another secret': flaskToken(foreignId, {}, 'x'.repeat(40)),
        HS512: flaskToken(foreignId, {}, secret, { algorithm: 'HS512' }),
        'a key id': flaskToken(foreignId, {}, secret, { keyid: 'k' }),
        'another typ': flaskToken(foreignId, {}, secret, { header: { alg: 'HS256', typ: 'at+jwt' } }),
        expired: flaskToken(foreignId, { exp: now - 1 }),
        'of the future': flaskToken(foreignId, { iat: now + 60, nbf: undefined }),
        'not yet valid': flaskToken(foreignId, { nbf: now + 60 }),
        'a refresh token': refreshToken(foreignId),
        'no type': flaskToken(foreignId, { type: undefined }),
        'no jti': flaskToken(foreignId, { jti: undefined }),
        'a jti that is none': flaskToken(foreignId, { jti: 'x' }),
        'no fresh': flaskToken(foreignId, { fresh: undefined }),
        'no sub': flaskToken(undefined),
        'a sub that is a list': flaskToken([foreignId]),
        'a sub with a NUL': flaskToken('1\u0000'),
        'a sub with half of a surrogate pair': flaskToken('\ud800'),
        'a sub that is not UTF-8': signBytes(flaskToken('\u00ff')),
        nobody: flaskToken('no such id'),
        'a user of this service': flaskToken('admin'),
      };
      for (const [what, token] of Object.entries(bad)) {
        const { body } = await app.get('/protected', token);
        expect(body, what).to.include({ status: 401 });
        if (what !== 'a refresh token') await exchange(token, 401);
      }
      await open(flaskToken(foreignId, { exp: undefined }), 200);
    });

    it('and those of this service do not pass for each other', async () => {
      const { foreignId, id } = await newUser();
      await exchange(flaskToken(foreignId), 401);
      const session = (await exchange(refreshToken(foreignId))).body as TokenSet;
      await exchange(session.access_token, 401);
      await open(session.refresh_token, 401);
      await open(refreshToken(id), 401);
      await open(flaskToken(id), 401);
    });

    it('are never fresh', async () => {
      const { foreignId } = await newUser();
      const session = (await exchange(refreshToken(foreignId, { fresh: true }))).body as TokenSet;
      const claims = jwt.decode(session.access_token) as Record<string, unknown>;
      expect(claims).to.include({ fresh: false, preferred_username: `flask${foreignId}` });
    });

    it('are exchanged once for a session, again within the grace, and then treated as stolen', async () => {
      const { foreignId } = await newUser();
      const token = refreshToken(foreignId);
      const responses = await Promise.all(Array.from({ length: 4 }, () => exchange(token)));
      const sets = responses.map(({ body }) => (body as TokenSet).refresh_token);
      expect(new Set(sets).size).to.equal(1);
      app.clock.advance(9);
      const { body } = await exchange(token);
      expect((body as TokenSet).refresh_token).to.equal(sets[0]);
      await app.get('/me', (body as TokenSet).access_token).expect(200);
      app.clock.advance(2);
      await exchange(token, 401);
      await exchange(sets[0] ?? '', 401);
      await app.get('/me', (body as TokenSet).access_token).expect(401);
    });

    it('begin no session of a user who has a second factor here', async () => {
      const { foreignId, id } = await newUser();
      await app.services.database.transaction((transaction) =>
        secondFactorsStore.add(transaction, id, 'totp'),
      );
      await exchange(refreshToken(foreignId), 401);
      await open(flaskToken(foreignId), 401);
    });

    it('open nothing where the policy requires a second factor', async () => {
      const { foreignId } = await newUser();
      const strict = await app.openAgain({ LATCHKEY_SECOND_FACTOR: 'required-for:reports:read' });
      const loading = strict.legacyTokens?.access.load(flaskToken(foreignId));
      const refused = await loading?.then(
        () => undefined,
        (error: unknown) => error,
      );
      await strict.database.close();
      expect(refused).to.include({ code: 'invalid_token' });
      await open(flaskToken(foreignId), 200);
    });

    it('open nothing from the first exchange on, so that no logout leaves one valid', async () => {
      const { foreignId } = await newUser();
      const [known, unknown] = [flaskToken(foreignId), flaskToken(foreignId)];
      await open(known, 200);
      const session = (await exchange(refreshToken(foreignId))).body as TokenSet;
      await open(known, 401);
      await open(unknown, 401);
      await open(session.access_token, 200);
      // Another device exchanges its own, and the first one stays logged in.
      await exchange(refreshToken(foreignId));
      await open(session.access_token, 200);
    });

    it('are not exchanged after all sessions were ended, unless their user was imported later', async () => {
      const before = await newUser();
      const [access, refresh] = [flaskToken(before.foreignId), refreshToken(before.foreignId)];
      await open(access, 200);
      await endAllSessions(app.services, serviceActor);
      await open(access, 401);
      await open(flaskToken(before.foreignId), 401);
      await exchange(refresh, 401);
      app.clock.advance(1);
      const after = await newUser();
      await exchange(refreshToken(after.foreignId));
      admin = (await app.login()).access_token;
    });

    it('stay revoked as long as clocks may differ', async () => {
      const patient = await app.openAgain({ JWT_DECODE_LEEWAY: '60' });
      const { foreignId } = await newUser();
      const refresh = refreshToken(foreignId, { exp: Math.floor(app.clock.now() / 1000) + 30 });
      const context = { requestId: null, address: null, userAgent: null };
      await patient.presentedTokens.logoutByRefreshToken(refresh, context);
      app.clock.advance(40);
      await patient.cleanUp();
      expect(await catchRejection(patient.presentedTokens.refresh(refresh, context))).to.include({
        code: 'invalid_refresh_token',
      });
      await patient.database.close();
    });

    it('are revoked by a logout, each by its jti', async () => {
      const { foreignId } = await newUser();
      const [one, other] = [flaskToken(foreignId), flaskToken(foreignId)];
      await open(one, 200);
      await app.post('/logout', {}, one).expect(204);
      await open(one, 401);
      await open(other, 200);
      const refresh = refreshToken(foreignId);
      await app.post('/logout', { refresh_token: refresh }).expect(204);
      await exchange(refresh, 401);
      const used = refreshToken(foreignId);
      const session = (await exchange(used)).body as TokenSet;
      await app.post('/logout', { refresh_token: used }).expect(204);
      await app.get('/me', session.access_token).expect(401);
      await exchange(session.refresh_token, 401);
    });

    for (const [what, change] of [
      ['is disabled', (id: string) => app.patch(`/users/${id}`, { disabled: true }, admin).expect(200)],
      [
        'has a new password',
        (id: string) => app.patch(`/users/${id}`, { password: 'a password of the admin' }, admin).expect(200),
      ],
      ['is deleted', (id: string) => app.delete(`/users/${id}`, admin).expect(204)],
    ] as const) {
      it(`end on the next request when their user ${what}, known to this process or not`, async () => {
        const { foreignId, id } = await newUser();
        const [known, unknown, refresh] = [
          flaskToken(foreignId),
          flaskToken(foreignId),
          refreshToken(foreignId),
        ];
        await open(known, 200);
        await change(id);
        await open(known, 401);
        await open(unknown, 401);
        await exchange(refresh, 401);
      });
    }

    it('have to be exchanged when the user’s roles change, or what one permits', async () => {
      const { foreignId, id } = await newUser();
      const token = flaskToken(foreignId);
      await open(token, 200);
      await app.patch(`/users/${id}`, { roles: [] }, admin).expect(200);
      await open(token, 401);
      await exchange(refreshToken(foreignId));
      const other = await newUser();
      const ofOther = flaskToken(other.foreignId);
      await open(ofOther, 200);
      await app.put('/roles/reader', { permissions: ['reports:read', 'reports:write'] }, admin).expect(200);
      await open(ofOther, 401);
    });

    it('are not accepted after the end, nor without the setting', async () => {
      const { foreignId } = await newUser();
      const later = Math.floor(Date.parse('2027-06-01') / 1000);
      const [token, refresh] = [
        flaskToken(foreignId, { exp: later }),
        refreshToken(foreignId, { exp: later }),
      ];
      await open(token, 200);
      app.clock.advance((Date.parse('2027-01-31') - app.clock.now()) / 1000);
      const { body } = await open(token, 401);
      expect((body as { detail: string }).detail).to.match(/not accepted any more/);
      await exchange(refresh, 401);
      const without = await TestApp.start({ settings: { JWT_SECRET_KEY: secret } });
      try {
        await without.get('/protected', token).expect(401);
        await without.post('/refresh', { refresh_token: refresh }).expect(401);
      } finally {
        await without.close();
      }
    });
  });
}
