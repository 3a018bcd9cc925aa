import { expect } from 'chai';
import { setTimeout as wait } from 'node:timers/promises';
import { sessionsStore } from '../../src/sessions/sessions.store.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { openTestDatabase } from '../support/databases.js';
import { createPostgresDatabase, waitUntilBlocked } from '../support/postgres.js';
import { readSessionId } from '../support/session-rounds.js';
import { TestClock } from '../support/clock.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

describe('A refresh on PostgreSQL', () => {
  let url: string;
  let proxy: TcpProxy;
  let app: TestApp;
  let tokens: TokenSet;
  before(async () => {
    url = await createPostgresDatabase();
    proxy = await TcpProxy.to(Number(new URL(url).port));
    app = await TestApp.start({
      clock: new TestClock(false),
      settings: {
        DATABASE_URL: proxy.urlFor(url),
        LATCHKEY_REVOCATION_BOUND: '2s',
        LATCHKEY_DATABASE_CONNECT_TIMEOUT: '3s',
        LATCHKEY_DATABASE_STATEMENT_TIMEOUT: '3s',
        LATCHKEY_REFRESH_GRACE: '60s',
      },
    });
  });
  beforeEach(async () => {
    tokens = await app.login();
  });
  after(async () => {
    await app.close();
    await proxy.close();
  });

  const generation = async (): Promise<number | undefined> =>
    (await sessionsStore.find(app.services.database.queries, readSessionId(tokens)))?.generation;

  it('whose response was lost is not treated as theft, even if the database was unavailable for longer than the grace', async () => {
    // With spare connections: one that had to be opened now would get no response, and the statement would not be sent.
    await Promise.all(Array.from({ length: 5 }, () => app.services.database.ping()));
    proxy.loseResponses();
    const response = await app.post('/refresh', { refresh_token: tokens.refresh_token }).expect(503);
    expect(Number(response.get('Retry-After'))).to.be.below(2);
    await until(() => !app.services.feed.isCurrent());
    app.clock.advance(60.5);
    proxy.release();
    await until(() => app.services.feed.isCurrent());
    expect(await generation()).to.equal(1);
    const next = await app.refresh(tokens.refresh_token);
    await app.refresh(next.refresh_token);
    // The outage does not count twice.
    app.clock.advance(180);
    await app.post('/refresh', { refresh_token: tokens.refresh_token }).expect(401);
    await app.post('/refresh', { refresh_token: next.refresh_token }).expect(401);
  });

  it('has a grace from when the database executed it, however late that was', async () => {
    const other = openTestDatabase({ kind: 'postgres', url });
    const late = 400;
    let refreshed: Promise<TokenSet> | undefined;
    await other.transaction(async (transaction) => {
      await sessionsStore.recordUses(transaction, [
        { id: readSessionId(tokens), at: Number.MAX_SAFE_INTEGER },
      ]);
      refreshed = app.refresh(tokens.refresh_token);
      await waitUntilBlocked(other, 1);
      await wait(late);
    });
    await refreshed;
    const session = await sessionsStore.find(other.queries, readSessionId(tokens));
    expect(session?.rotated_at).to.be.at.least(app.clock.now() + late);
    await other.close();
  });
});
