import { join } from 'node:path';
import { expect } from 'chai';
import { pino } from 'pino';
import { systemClock } from '../../src/clock.js';
import { readConfig } from '../../src/config/config.js';
import project from '../../src/project.js';
import { openInstallation } from '../../src/server/installation.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { adminPassword, type ApiClient } from '../support/api-client.js';
import { databaseKinds, type DatabaseKind } from '../support/databases.js';
import { createPostgresDatabase } from '../support/postgres.js';
import { until } from '../support/until.js';
import { endProcesses, Installation, type ServiceProcess } from '../support/service-process.js';

/** A session as its client knows it. */
interface KnownSession {
  /** The last tokens that the service acknowledged. */
  tokens: TokenSet;
  /** `unknown`: the logout was sent, and got no response. */
  loggedOut: 'no' | 'yes' | 'unknown';
}

const clients = 16;
const settings = {
  LATCHKEY_ADMIN_PASSWORD: adminPassword,
  // An interrupted refresh: the same token gives the same successor again.
  LATCHKEY_REFRESH_GRACE: '5m',
};

const shared = {
  LATCHKEY_SECRET: 'a secret of the tests, long enough',
  LATCHKEY_ISSUER: 'http://latchkey.test',
};

describe('A service killed with SIGKILL during logins, refreshes and logouts', () => {
  after(endProcesses);

  const rounds: Readonly<Record<DatabaseKind, number>> = { sqlite: 3, postgres: 1 };
  for (const kind of databaseKinds) {
    describe(`on ${kind}`, () => {
      let installation: Installation;
      let service: ServiceProcess;
      let database: string;

      before(async () => {
        const postgres = kind === 'postgres' ? await createPostgresDatabase() : undefined;
        installation = await Installation.make({
          ...settings,
          ...shared,
          ...(postgres !== undefined && { DATABASE_URL: postgres }),
        });
        database = postgres ?? `sqlite:${join(installation.folder, 'data/latchkey.db')}`;
        service = await installation.start();
      });

      for (let round = 1; round <= rounds[kind]; round += 1) {
        it(`loses nothing that it has acknowledged (${round} of ${rounds[kind]})`, async () => {
          const sessions = await storm(service, 60 + 20 * round);
          service = await installation.start();
          await expectWholeChain({ DATABASE_URL: database, ...shared });
          await Promise.all(sessions.map((session) => expectRemembered(service.api, session)));
          const known = (state: KnownSession['loggedOut']): number =>
            sessions.filter(({ loggedOut }) => loggedOut === state).length;
          expect(known('no'), 'sessions that go on').to.be.above(5);
          expect(known('yes'), 'sessions that had logged out').to.be.above(5);
        });
      }
    });
  }
});

/** The killed service may have been in the middle of a batch; the next one goes on. */
async function expectWholeChain(settings: Readonly<Record<string, string>>): Promise<void> {
  const log = pino({ level: 'silent' });
  const services = await openInstallation(readConfig(settings), systemClock, log, '', project);
  try {
    await until(async () => (await services.verifyAudit()).unchained === 0);
    const { error, notes, rows } = await services.verifyAudit();
    expect({ error, notes }).to.deep.equal({ error: undefined, notes: [] });
    expect(rows).to.be.above(30);
  } finally {
    await services.database.close();
  }
}

/** Runs all clients until this many responses have come, and kills the service at that moment. */
async function storm(service: ServiceProcess, responses: number): Promise<KnownSession[]> {
  const sessions: KnownSession[] = [];
  let left = responses;
  const countResponse = (): void => {
    left -= 1;
    if (left === 0) service.signal('SIGKILL');
  };
  await Promise.all(
    Array.from({ length: clients }, async () => {
      try {
        for (;;) await live(service.api, sessions, countResponse);
      } catch (error) {
        if (left > 0) throw error; // the service was not killed
      }
    }),
  );
  await service.waitForEnd();
  return sessions;
}

/** A session begins, is refreshed a few times, and every other one is ended. */
async function live(api: ApiClient, sessions: KnownSession[], countResponse: () => void): Promise<void> {
  const session: KnownSession = { tokens: await api.login(), loggedOut: 'no' };
  const number = sessions.push(session);
  countResponse();
  for (let refreshes = number % 4; refreshes > 0; refreshes -= 1) {
    const { body } = await api.post('/refresh', { refresh_token: session.tokens.refresh_token }).expect(200);
    session.tokens = body as TokenSet;
    countResponse();
  }
  if (number % 2 === 0) return;
  session.loggedOut = 'unknown';
  await api.post('/logout', { refresh_token: session.tokens.refresh_token }).expect(204);
  session.loggedOut = 'yes';
  countResponse();
}

async function expectRemembered(api: ApiClient, { tokens, loggedOut }: KnownSession): Promise<void> {
  const refresh = api.post('/refresh', { refresh_token: tokens.refresh_token });
  if (loggedOut === 'no') await refresh.expect(200);
  if (loggedOut === 'yes') {
    await refresh.expect(401);
    await api.get('/protected', tokens.access_token).expect(401);
  }
}
