import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import type { Response } from 'supertest';
import { adminPassword, TestApp } from '../support/test-app.js';

describe('A SQLite file that another process writes to', () => {
  let app: TestApp;
  let otherProcess: DatabaseSync;
  let token: string;
  let refreshToken: string;

  async function start(settings: Record<string, string> = {}): Promise<void> {
    app = await TestApp.start({ settings });
    const { databaseUrl } = app.services.config;
    otherProcess = new DatabaseSync(databaseUrl.kind === 'sqlite' ? databaseUrl.file : '');
    ({ access_token: token, refresh_token: refreshToken } = await app.login());
    otherProcess.exec('begin immediate');
  }
  afterEach(async () => {
    otherProcess.close();
    await app.close();
  });

  // supertest sends a request when it is waited for.
  const logIn = async (): Promise<Response> =>
    await app.post('/login', { username: 'admin', password: adminPassword });
  const refresh = async (): Promise<Response> => await app.post('/refresh', { refresh_token: refreshToken });

  it('delays no reads', async () => {
    await start();
    let written = 0;
    const write = async (request: Promise<Response>): Promise<void> => {
      expect((await request).status).to.equal(200);
      written += 1;
    };
    const writing = [write(logIn())];
    for (let times = 0; times < 3; times += 1) {
      writing.push(write(refresh()));
      await app.get('/protected', token).expect(200);
      await app.get('/users', token).expect(200);
    }
    expect(written).to.equal(0);
    otherProcess.exec('rollback');
    await Promise.all(writing);
  });

  it('is waited for only as long as a statement may take; then writes are refused, and work again after it', async () => {
    await start({ LATCHKEY_DATABASE_STATEMENT_TIMEOUT: '1s' });
    const writing = [refresh(), logIn()];
    for (let times = 0; times < 3; times += 1) {
      await app.get('/protected', token).expect(200);
      // The writer waits by now; what comes while it does is refused with those before it.
      writing.push(refresh());
    }
    for (const { status, headers, body } of await Promise.all(writing)) {
      expect(status).to.equal(503);
      expect(headers).to.have.property('retry-after');
      expect(body).to.include({ code: 'not_ready' });
    }
    otherProcess.exec('rollback');
    await app.post('/refresh', { refresh_token: refreshToken }).expect(200);
    await app.login();
  });
});
