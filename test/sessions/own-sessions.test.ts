import { expect } from 'chai';
import { v7 } from 'uuid';
import { endUserSessions } from '../../src/sessions/end-user-sessions.js';
import type { Session, SessionPage, TokenSet } from '../../src/sessions/sessions.models.js';
import { databaseKinds } from '../support/databases.js';
import { sendRawRequest } from '../support/raw-request.js';
import { expectEnded, expectLive, readSessionId, listSessionsAt } from '../support/session-rounds.js';
import { TestApp } from '../support/test-app.js';
import { openKeyRing, readJwt, signJwt } from '../support/tokens.js';
import { sessionEpochsStore } from '../../src/users/session-epochs.store.js';

const password = 'the password of all';

for (const database of databaseKinds) {
  describe(`/sessions on ${database}`, () => {
    let app: TestApp;
    let userId: string;
    let mine: TokenSet;
    let other: TokenSet;
    let users = 0;
    let login: () => Promise<TokenSet>;
    before(async () => {
      app = await TestApp.start({ database });
    });
    beforeEach(async () => {
      const username = `user ${++users}`;
      ({ id: userId } = await app.createUser(username, password));
      login = () => app.login(username, password);
      other = await login();
      app.clock.advance(1);
      mine = await login();
    });
    after(() => app.close());

    const list = (): Promise<Session[]> => listSessionsAt(app, '/sessions', mine.access_token);
    const listedIds = async (): Promise<string[]> => (await list()).map(({ id }) => id);
    const end = (id: string, { access_token: token } = mine) => app.delete(`/sessions/${id}`, token);
    const endOthers = ({ access_token: token } = mine) => app.delete('/sessions', token);
    const revocationsOf = (...ids: readonly string[]) =>
      app.services.database.queries
        .selectFrom('revocations')
        .select(['target', 'expires_at'])
        .where('kind', '=', 'session')
        .where('target', 'in', ids)
        .execute();

    describe('an interrupted end of all other sessions', () => {
      beforeEach(async () => {
        await app.services.database.transaction(async (transaction) => {
          await endUserSessions(transaction, userId, readSessionId(mine));
          await sessionEpochsStore.beginEnding(transaction, userId);
        });
        await app.get('/protected', other.access_token).expect(200);
      });

      it('is completed when it is requested again', async () => {
        await endOthers().expect(204);
        await expectEnded(app, other);
        await expectLive(app, mine);
      });

      it('is completed when all sessions of the user are ended, even after the kept one has ended', async () => {
        await app.post('/logout', undefined, mine.access_token).expect(204);
        const { access_token: admin } = await app.login();
        await app.delete(`/users/${userId}/sessions`, admin).expect(204);
        await expectEnded(app, other);
      });

      it('is completed for one session when that session is ended, once', async () => {
        await end(readSessionId(other)).expect(204);
        await expectEnded(app, other);
        await expectLive(app, mine);
        await end(readSessionId(other)).expect(404);
      });

      it('is completed for one session when an administrator ends it', async () => {
        const { access_token: admin } = await app.login();
        await app.delete(`/users/${userId}/sessions/${readSessionId(other)}`, admin).expect(204);
        await expectEnded(app, other);
        await expectLive(app, mine);
      });

      it('leaves nothing to end in a session whose access token has expired', async () => {
        app.clock.advance(25 * 60);
        mine = await app.refresh(mine.refresh_token);
        await end(readSessionId(other)).expect(404);
      });

      it('does not keep another session from logging out', async () => {
        await app.post('/logout', undefined, other.access_token).expect(204);
        await expectEnded(app, other);
        await expectLive(app, mine);
      });
    });

    describe('GET /sessions', () => {
      it('lists all properties of each session, newest first', async () => {
        app.clock.advance(60);
        const time = (seconds: number) => new Date(app.clock.now() + seconds * 1000).toISOString();
        const { body } = await app.get('/sessions', mine.access_token).expect(200);
        const common = { address: '127.0.0.1', user_agent: '', amr: ['pwd'] };
        expect(body).to.deep.equal({
          items: [
            {
              ...common,
              id: readSessionId(mine),
              created_at: time(-60),
              last_used_at: time(0),
              expires_at: time(30 * 86_400 - 60),
              current: true,
            },
            {
              ...common,
              id: readSessionId(other),
              created_at: time(-61),
              last_used_at: time(-61),
              expires_at: time(30 * 86_400 - 61),
              current: false,
            },
          ],
        });
      });

      it('shows the client of the login, with at most 255 characters', async () => {
        app.clock.advance(1);
        const username = `user ${users}`;
        await app.post('/login', { username, password }).set('User-Agent', 'x'.repeat(300)).expect(200);
        expect((await list())[0]).to.include({ user_agent: 'x'.repeat(255) });
        app.clock.advance(1);
        await app.post('/login', { username, password }).set('User-Agent', 'a\tb').expect(200);
        expect((await list())[0]).to.include({ user_agent: 'a b' });
      });

      it('decodes the client’s name as Latin-1, with a space for each control character', async () => {
        const upper = String.fromCharCode(...Array.from({ length: 0x80 }, (_, index) => 0x80 + index));
        const shown = `a${' '.repeat(0x20)}${upper.slice(0x20)}b`;
        const username = `user ${users}`;
        for (const [sent, expected] of [
          [`a${upper}b`, shown],
          [upper.slice(0x20).repeat(3), upper.slice(0x20).repeat(3).slice(0, 255)],
        ] as const) {
          app.clock.advance(1);
          const { status } = await sendRawRequest(
            app.url,
            `POST /login HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nUser-Agent: ${sent}\r\nContent-Length: ${JSON.stringify({ username, password }).length}\r\n\r\n${JSON.stringify({ username, password })}`,
          );
          expect(status).to.equal(200);
          // The tests' client checks the response against the contract.
          expect((await list())[0]).to.include({ user_agent: expected });
        }
      });

      it('lists no ended or expired session', async () => {
        const [loggedOut, expired] = [await login(), other];
        await app.post('/logout', { refresh_token: loggedOut.refresh_token }).expect(204);
        app.clock.advance(30 * 86_400 - 1);
        mine = await app.refresh(mine.refresh_token);
        expect(await listedIds()).to.deep.equal([readSessionId(mine)]);
        await app.post('/refresh', { refresh_token: expired.refresh_token }).expect(401);
      });

      it('lists no other user’s sessions', async () => {
        const { access_token: admin } = await app.login();
        const ids = (await listSessionsAt(app, '/sessions', admin)).map(({ id }) => id);
        expect(ids).not.to.include.members([readSessionId(mine), readSessionId(other)]);
        expect(await listedIds()).to.deep.equal([mine, other].map(readSessionId));
      });

      it('lists all sessions, a page at a time', async () => {
        for (let more = 0; more < 3; more += 1) {
          app.clock.advance(1);
          await login();
        }
        const sizes = [];
        const ids = [];
        for (let cursor: string | undefined, page: SessionPage; ; cursor = page.next_cursor) {
          const path = `/sessions?limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`;
          ({ body: page } = (await app.get(path, mine.access_token).expect(200)) as { body: SessionPage });
          sizes.push(page.items.length);
          ids.push(...page.items.map(({ id }) => id));
          if (page.next_cursor === undefined) break;
        }
        expect(sizes).to.deep.equal([2, 2, 1]);
        expect(ids).to.deep.equal(await listedIds());
      });

      it('has no next page after the last one if that is full', async () => {
        const { body } = await app.get('/sessions?limit=2', mine.access_token).expect(200);
        expect(body).to.have.all.keys('items');
      });
    });

    describe('DELETE /sessions/{id}', () => {
      it('refuses all tokens of the session from then on, and of no other', async () => {
        const next = await app.refresh(other.refresh_token);
        await end(readSessionId(other)).expect(204);
        await expectEnded(app, other);
        await expectEnded(app, next);
        expect(await listedIds()).to.deep.equal([readSessionId(mine)]);
        await expectLive(app, mine);
      });

      it('survives a restart', async () => {
        await end(readSessionId(other)).expect(204);
        app = await app.restart();
        await expectEnded(app, other);
        await expectLive(app, mine);
      });

      it('is a logout if it is the caller’s session', async () => {
        await end(readSessionId(mine)).expect(204);
        await expectEnded(app, mine);
        await expectLive(app, other);
        const audited = (await app.audited('logout')).filter(({ target }) => target === userId);
        expect(audited.map(({ session_id }) => session_id)).to.deep.equal([readSessionId(mine)]);
      });

      it('returns 404 for a session that has ended, does not exist, or is another user’s', async () => {
        await end(readSessionId(other)).expect(204);
        const foreign = await app.login();
        for (const id of [readSessionId(other), v7(), readSessionId(foreign)]) {
          const { body } = await end(id).expect(404);
          expect(body).to.include({ code: 'session_not_found' });
        }
        await expectLive(app, foreign);
      });

      it('writes an audit row', async () => {
        const response = await end(readSessionId(other)).expect(204);
        const audited = (await app.audited('session_ended')).filter(({ target }) => target === userId);
        expect(audited).to.have.length(1);
        expect(audited[0]).to.include({
          at: app.clock.now(),
          actor_id: userId,
          session_id: readSessionId(other),
          address: '127.0.0.1',
          request_id: response.get('X-Request-Id'),
        });
      });

      it('writes one revocation, which outlives the access tokens, for many concurrent requests', async () => {
        const responses = await Promise.all(Array.from({ length: 10 }, () => end(readSessionId(other))));
        const statuses = responses.map(({ status }) => status).sort();
        expect(statuses).to.deep.equal([204, ...Array<number>(9).fill(404)]);
        const { exp } = readJwt(other.access_token).claims;
        expect(await revocationsOf(readSessionId(other))).to.deep.equal([
          { target: readSessionId(other), expires_at: (Number(exp) + 360) * 1000 },
        ]);
        const audited = (await app.audited('session_ended')).filter(({ target }) => target === userId);
        expect(audited).to.have.length(1);
      });

      it('leaves no valid token if it coincides with many refreshes', async () => {
        const [storm] = await Promise.all([
          Promise.all(
            Array.from({ length: 20 }, () => app.post('/refresh', { refresh_token: other.refresh_token })),
          ),
          end(readSessionId(other)).expect(204),
        ]);
        expect(storm.every(({ status }) => status === 200 || status === 401)).to.be.true;
        const given = storm.filter(({ status }) => status === 200).map(({ body }) => body as TokenSet);
        for (const tokens of [other, ...given]) await expectEnded(app, tokens);
      });
    });

    describe('DELETE /sessions', () => {
      it('refuses all tokens of the other sessions, after a restart too, and keeps the caller’s session', async () => {
        const third = await login();
        await endOthers().expect(204);
        expect(await listedIds()).to.deep.equal([readSessionId(mine)]);
        await Promise.all([other, third].map((tokens) => expectEnded(app, tokens)));
        app = await app.restart();
        await Promise.all([other, third].map((tokens) => expectEnded(app, tokens)));
        await expectLive(app, mine);
      });

      it('keeps all sessions of other users', async () => {
        const foreign = await app.login();
        await endOthers().expect(204);
        await expectLive(app, foreign);
      });

      it('ends expired sessions whose access token is still valid', async () => {
        app = await app.restart({ JWT_REFRESH_TOKEN_EXPIRES: '60s' });
        const brief = await login();
        app.clock.advance(60);
        await app.get('/protected', brief.access_token).expect(200);
        await endOthers().expect(204);
        await expectEnded(app, brief);
        app = await app.restart({ JWT_REFRESH_TOKEN_EXPIRES: '30d' });
      });

      it('writes one audit row and a revocation for each session; nothing if there are none', async () => {
        const third = await login();
        await Promise.all(Array.from({ length: 5 }, () => endOthers().expect(204)));
        await endOthers().expect(204);
        const audited = (await app.audited('sessions_ended')).filter(({ target }) => target === userId);
        expect(audited).to.have.length(1);
        expect(audited[0]).to.include({
          actor_id: userId,
          session_id: readSessionId(mine),
          address: '127.0.0.1',
        });
        expect(await revocationsOf(readSessionId(mine))).to.deep.equal([]);
        expect(await revocationsOf(...[other, third].map(readSessionId))).to.have.length(2);
      });

      it('leaves at most one of two sessions that end each other', async () => {
        const responses = await Promise.all([endOthers(mine), endOthers(other)]);
        expect(responses.some(({ status }) => status === 204)).to.be.true;
        const alive = await Promise.all(
          [mine, other].map(async ({ access_token: token }) => (await app.get('/protected', token)).status),
        );
        expect(alive.filter((status) => status === 200)).to.have.length.below(2);
      });
    });
  });
}

describe('/sessions', () => {
  let app: TestApp;
  let tokens: TokenSet;
  before(async () => {
    app = await TestApp.start({ settings: { JWT_TOKEN_LOCATION: 'headers, cookies' } });
    tokens = await app.login();
  });
  after(() => app.close());

  for (const [method, path] of [
    ['get', '/sessions'],
    ['delete', '/sessions'],
    ['delete', `/sessions/${v7()}`],
  ] as const) {
    it(`refuses ${method} ${path.replace(/[0-9a-f-]{36}/, '{id}')} without a token`, async () => {
      const { body } = await app.request(method, path).expect(401);
      expect(body).to.include({ code: 'authentication_required' });
    });

    it(`refuses ${method} ${path.replace(/[0-9a-f-]{36}/, '{id}')} with a client’s token`, async () => {
      const { header, claims } = readJwt(tokens.access_token);
      const { sid, auth_time, preferred_username: name, ...rest } = claims;
      expect([sid, auth_time, name]).not.to.include(undefined);
      const ofClient = signJwt(openKeyRing(app), { header, claims: { ...rest, sub: 'a', client_id: 'a' } });
      const { body } = await app.request(method, path, ofClient).expect(403);
      expect(body).to.include({ code: 'user_session_required' });
    });
  }

  for (const query of ['limit=0', 'limit=201', 'limit=2.5', 'limit=many', 'cursor=here', 'page=2']) {
    it(`refuses ?${query}`, async () => {
      const { body } = await app.get(`/sessions?${query}`, tokens.access_token).expect(422);
      expect(body.errors).to.have.all.keys(query.split('=', 1));
    });
  }

  it('refuses an id that is not a UUID', async () => {
    const { body } = await app.delete('/sessions/this-one', tokens.access_token).expect(422);
    expect(body.errors).to.have.all.keys('id');
  });

  it('deletes the cookies when the caller’s session ends, and only then', async () => {
    const mine = await app.login();
    const other = await app
      .delete(`/sessions/${readSessionId(await app.login())}`, mine.access_token)
      .expect(204);
    expect(other.get('Set-Cookie')).to.be.undefined;
    const own = await app.delete(`/sessions/${readSessionId(mine)}`, mine.access_token).expect(204);
    expect(own.get('Set-Cookie')?.join()).to.match(/^__Host-access_token_cookie=;/);
  });
});
