import { expect } from 'chai';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { SessionUses } from '../../src/sessions/session-uses.js';
import { sessionsStore } from '../../src/sessions/sessions.store.js';
import { TestClock } from '../support/clock.js';
import { addSession, addUser, recordTime } from '../support/records.js';
import { databaseKinds, createDatabase } from '../support/databases.js';
import { readSessionId, listSessionsAt } from '../support/session-rounds.js';
import { describeStore } from '../support/store-contract.js';
import { TestApp } from '../support/test-app.js';

describeStore('The uses of sessions', (on) => {
  let clock: TestClock;
  let uses: SessionUses;
  beforeEach(() => {
    clock = new TestClock();
    clock.advance(60);
    uses = new SessionUses(on.database, clock);
  });

  const newSession = async () => addSession(on.queries, await addUser(on.queries));
  const written = async (id: string): Promise<number | undefined> =>
    (await sessionsStore.find(on.queries, id))?.last_used_at;

  it('are written when they are flushed, and not kept longer', async () => {
    const session = await newSession();
    uses.recordUse(session.id);
    expect(uses.getLastUse(session)).to.equal(clock.now());
    expect(await written(session.id)).to.equal(recordTime);
    await uses.flush();
    expect(await written(session.id)).to.equal(clock.now());
    expect(uses.size).to.equal(0);
  });

  it('are kept once for each session: the latest', async () => {
    const session = await newSession();
    for (let times = 0; times < 3; times += 1) {
      clock.advance(1);
      uses.recordUse(session.id);
    }
    expect(uses.size).to.equal(1);
    await uses.flush();
    expect(await written(session.id)).to.equal(clock.now());
  });

  it('are written for more sessions than fit into one statement', async () => {
    const user = await addUser(on.queries);
    const sessions = [];
    for (let more = 0; more < 205; more += 1) sessions.push(await addSession(on.queries, user));
    for (const { id } of sessions) uses.recordUse(id);
    await uses.flush();
    const times = await on.queries
      .selectFrom('sessions')
      .select('last_used_at')
      .distinct()
      .where('user_id', '=', user.id)
      .execute();
    expect(times).to.deep.equal([{ last_used_at: clock.now() }]);
  });

  it('never move back the time in the table', async () => {
    const session = await newSession();
    uses.recordUse(session.id);
    const later = { ...session, last_used_at: clock.now() + 1 };
    await sessionsStore.recordUses(on.queries, [{ id: session.id, at: later.last_used_at }]);
    expect(uses.getLastUse(later)).to.equal(later.last_used_at);
    await uses.flush();
    expect(await written(session.id)).to.equal(later.last_used_at);
  });

  it('are kept if they come while others are being written', async () => {
    const session = await newSession();
    uses.recordUse(session.id);
    const flushing = uses.flush();
    clock.advance(1);
    uses.recordUse(session.id);
    await flushing;
    expect(uses.getLastUse(session)).to.equal(clock.now());
    await uses.flush();
    expect(await written(session.id)).to.equal(clock.now());
  });

  it('are written if many flush at once', async () => {
    const session = await newSession();
    uses.recordUse(session.id);
    await Promise.all([uses.flush(), uses.flush(), uses.flush()]);
    expect(await written(session.id)).to.equal(clock.now());
    expect(uses.size).to.equal(0);
  });

  it('are kept if they cannot be written', async () => {
    const closed = await createDatabase('sqlite');
    await closed.close();
    const unwritten = new SessionUses(closed, clock);
    unwritten.recordUse('a session');
    expect(await unwritten.flush().catch((error: unknown) => error)).to.be.an('error');
    expect(unwritten.size).to.equal(1);
  });

  it('are dropped if the session does not exist', async () => {
    uses.recordUse('00000000-0000-7000-8000-000000000000');
    await uses.flush();
    expect(uses.size).to.equal(0);
  });

  it('are kept for at most 100,000 sessions', () => {
    for (let more = 0; more <= 100_000; more += 1) uses.recordUse(`session ${more}`);
    expect(uses.size).to.equal(100_000);
    clock.advance(1);
    uses.recordUse('session 0');
    expect(uses.getLastUse({ id: 'session 0', last_used_at: 0 })).to.equal(clock.now());
    expect(uses.getLastUse({ id: 'session 100000', last_used_at: 1 })).to.equal(1);
  });
});

for (const database of databaseKinds) {
  describe(`When a session was last used on ${database}`, () => {
    let app: TestApp;
    let session: TokenSet;
    let onlooker: string;
    before(async () => {
      app = await TestApp.start({ database });
    });
    beforeEach(async () => {
      session = await app.login();
      ({ access_token: onlooker } = await app.login());
      app.clock.advance(60);
    });
    after(() => app.close());

    async function secondsSinceUse(): Promise<number> {
      const sessions = await listSessionsAt(app, '/sessions', onlooker);
      const found = sessions.find(({ id }) => id === readSessionId(session));
      return (app.clock.now() - Date.parse(found?.last_used_at ?? '')) / 1000;
    }

    it('is the login until it is used', async () => {
      expect(await secondsSinceUse()).to.equal(60);
    });

    it('is the last request with its access token, before and after that is written', async () => {
      await app.get('/protected', session.access_token).expect(200);
      app.clock.advance(5);
      expect(await secondsSinceUse()).to.equal(5);
      await app.services.sessionUses.flush();
      expect(await secondsSinceUse()).to.equal(5);
      app = await app.restart();
      expect(await secondsSinceUse()).to.equal(5);
    });

    it('is the refresh if that came later, whenever the request is written', async () => {
      await app.get('/protected', session.access_token).expect(200);
      app.clock.advance(5);
      await app.refresh(session.refresh_token);
      app.clock.advance(5);
      await app.services.sessionUses.flush();
      // On PostgreSQL a refresh takes the database's time.
      expect(await secondsSinceUse()).to.be.closeTo(5, 2);
    });

    it('is not a request whose token is refused', async () => {
      await app.get('/protected', `${session.access_token.slice(0, -9)}AAAAAAAAA`).expect(401);
      expect(await secondsSinceUse()).to.equal(60);
    });

    it('takes no statement on each request', async () => {
      const rowOf = () => sessionsStore.find(app.services.database.queries, readSessionId(session));
      const before = await rowOf();
      await Promise.all(
        Array.from({ length: 10 }, () => app.get('/protected', session.access_token).expect(200)),
      );
      expect(await rowOf()).to.deep.equal(before);
      expect(app.services.sessionUses.size).to.be.above(0);
    });
  });
}
