import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import type { Response } from 'supertest';
import { adminPassword, TestApp } from '../support/test-app.js';

describe('A SQLite file that another process writes to', () => {
  let app: TestApp;
  let otherProcess: DatabaseSync;
  before(async () => {
    app = await TestApp.start({ settings: { LATCHKEY_DATABASE_STATEMENT_TIMEOUT: '1s' } });
    const { databaseUrl } = app.services.config;
    otherProcess = new DatabaseSync(databaseUrl.kind === 'sqlite' ? databaseUrl.file : '');
  });
  after(async () => {
    otherProcess.close();
    await app.close();
  });

  it('is waited for only as long as a statement may take, and delays no reads', async () => {
    const { access_token: token, refresh_token: refreshToken } = await app.login();
    const order: string[] = [];
    const noted = async (what: string, request: PromiseLike<Response>): Promise<Response> => {
      const response = await request;
      order.push(what);
      return response;
    };
    const refresh = (what: string): Promise<Response> =>
      noted(what, app.post('/refresh', { refresh_token: refreshToken }));
    otherProcess.exec('begin immediate');
    let writing: Promise<Response>[];
    try {
      writing = [
        refresh('first'),
        noted('login', app.post('/login', { username: 'admin', password: adminPassword })),
      ];
      // The writer waits by now; what comes while it does is refused with those before it.
      for (let times = 0; times < 3; times += 1) {
        await noted('protected', app.get('/protected', token).expect(200));
        await noted('users', app.get('/users', token).expect(200));
        writing.push(refresh('later'));
      }
      for (const { status, headers, body } of await Promise.all(writing)) {
        expect(status).to.equal(503);
        expect(headers).to.have.property('retry-after');
        expect(body).to.include({ code: 'not_ready' });
      }
    } finally {
      otherProcess.exec('rollback');
    }
    expect(order.slice(0, 6)).to.deep.equal([
      'protected',
      'users',
      'protected',
      'users',
      'protected',
      'users',
    ]);
    await app.post('/refresh', { refresh_token: refreshToken }).expect(200);
    await app.login();
  });
});
