import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import express from 'express';
import { pino } from 'pino';
import { createProblemHandler } from '../../src/server/problem-handler.js';
import { problemCodes } from '../../src/problems/problem-codes.js';
import { databaseKinds } from '../support/databases.js';
import { adminPassword, TestApp } from '../support/test-app.js';

describe('A problem', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start();
  });
  after(() => app.close());

  it('is RFC 9457’s problem+json, with a code, and a type made of the issuer and the code', async () => {
    const response = await app.get('/nothing').expect(404);
    expect(response.get('Content-Type')).to.equal('application/problem+json; charset=utf-8');
    expect(response.body).to.deep.equal({
      type: 'http://latchkey.test/problems/not_found',
      title: 'Not found',
      status: 404,
      detail: problemCodes.not_found.detail,
      code: 'not_found',
    });
  });

  it('must not be stored', async () => {
    expect((await app.get('/protected')).get('Cache-Control')).to.equal('no-store');
  });

  it('is 400 for a path with malformed percent-encoding', async () => {
    const { access_token: token } = await app.login();
    const { body } = await app.get('/users/%E0%A4%A', token).expect(400);
    expect(body).to.include({ code: 'bad_request' });
  });

  it('never repeats a password that was refused', async () => {
    const { access_token: token } = await app.login();
    const secrets = [
      { hunter2: 'hunter2' },
      ['hunter2'],
      `hunter2${'x'.repeat(5000)}`,
      'hunter2'.slice(0, 7),
    ];
    for (const secret of secrets) {
      for (const [method, path, body] of [
        ['post', '/login', { username: '', password: secret }],
        ['post', '/users', { username: '', password: secret }],
        ['put', '/me/password', { current_password: secret, new_password: secret, more: 1 }],
        ['patch', '/users/00000000-0000-7000-8000-000000000000', { password: secret, more: 1 }],
      ] as const) {
        const { text } = await app.request(method, path, token).send(body).expect(422);
        expect(text).not.to.include('hunter2');
      }
    }
  });

  it('is sent before the body is read if the caller may not call the operation at all', async () => {
    await app.request('post', '/users').set('Content-Type', 'text/plain').send('x').expect(401);
    await app.request('post', '/users').set('Content-Type', 'application/json').send('{').expect(401);
  });
});

for (const database of databaseKinds) {
  describe(`A failure of the service, such as a lost database (${database})`, () => {
    let app: TestApp;
    before(async () => {
      app = await TestApp.start({ database });
      await app.services.database.close();
    });
    after(() => app.close());

    it('is 500 without its cause, which the log has with the request’s id', async () => {
      const response = await app.post('/login', { username: 'admin', password: adminPassword }).expect(500);
      expect(response.body).to.deep.equal({
        type: 'http://latchkey.test/problems/internal_error',
        title: 'Internal error',
        status: 500,
        detail: problemCodes.internal_error.detail,
        code: 'internal_error',
      });
      expect(app.logged).to.have.length(1);
      const [line] = app.logged;
      expect(line).to.include({
        level: 50,
        requestId: response.get('X-Request-Id'),
        method: 'POST',
        path: '/login',
      });
      expect(line?.['err']).to.have.property('stack').that.includes('destroyed');
      expect(JSON.stringify(line)).not.to.include(adminPassword);
    });
  });
}

describe('A failure after half of a response was sent', () => {
  it('is logged, and closes the connection, so that the response does not seem complete', async () => {
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => lines.push(line) });
    const app = express()
      .set('env', 'test')
      .get('/', (_request, response) => {
        response.write('half');
        throw new Error('the cause');
      })
      .use(createProblemHandler(log, 'http://latchkey.test'));
    const server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const response = await fetch(`http://127.0.0.1:${port}/`);
      expect(await response.text().catch((error: unknown) => error)).to.be.an('error');
      expect(lines).to.have.length(1);
      expect(lines[0]).to.include('the cause');
    } finally {
      server.close();
    }
  });
});
