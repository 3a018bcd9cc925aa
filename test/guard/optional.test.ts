import { expect } from 'chai';
import { guard, Refusal, type Guard } from '../../src/guard/guard.js';
import { startTestIssuer, type TestIssuer } from '../../src/guard/testing.js';
import { GuardedApi } from '../support/guarded-api.js';
import { sendRawRequest } from '../support/raw-request.js';
import { TestApp } from '../support/test-app.js';

describe('A guard for whose requests a token is optional', () => {
  let app: TestApp;
  let api: GuardedApi;
  before(async () => {
    app = await TestApp.start();
    api = await GuardedApi.startFollowing(app);
    await app.createUser('ada', 'the password of ada');
  });
  after(async () => {
    await api.close();
    await app.close();
  });

  it('lets a request without a token through, and knows that it has no caller', async () => {
    const { body } = await api.get('/own/optional').expect(200);
    expect(body).to.deep.equal({ subject: '', permissions: [] });
    await api.get('/own/optional').set('Authorization', 'Basic YTpi').expect(200);
    await api.get('/own/optional').set('Authorization', '').expect(200);
  });

  it('knows who calls where there is a token', async () => {
    const { access_token: token } = await app.login();
    const { body } = await api.get('/own/optional', token).expect(200);
    const { body: me } = await app.get('/me', token).expect(200);
    expect(body.subject).to.equal(me.id);
  });

  it('refuses a token that is not valid, or lacks a permission', async () => {
    for (const header of ['Bearer x', 'Bearer', 'Bearer a, Bearer b'])
      await api.get('/own/optional').set('Authorization', header).expect(401);
    const { access_token: token } = await app.login('ada', 'the password of ada');
    await api.get('/own/optional', token).expect(403);
  });

  it('throws where its caller is requested all the same', async () => {
    const request = new Request('http://api.test/');
    const handle = api.guard.protect(
      (each, caller) => {
        expect(caller).to.equal(undefined);
        expect(() => api.guard.caller(each)).to.throw('use callerIfPresent()');
        return new Response(null, { status: 204 });
      },
      { optional: true },
    );
    expect((await handle(request)).status).to.equal(204);
    expect(() => api.guard.callerIfPresent({})).to.throw('No guard has let this request through');
  });
});

describe('A guard', () => {
  let issuer: TestIssuer;
  let latchkey: Guard;
  before(async () => {
    issuer = await startTestIssuer();
    latchkey = guard({ ...issuer.options, refusals: 'throw' });
    await latchkey.start();
  });
  after(async () => {
    await latchkey.close();
    await issuer.close();
  });

  it('passes refusals to the error handler where it is told so', async () => {
    const app = await TestApp.start();
    const api = await GuardedApi.startFollowing(app, { refusals: 'throw' });
    // The contract's form of errors is not that of the handler.
    const none = await fetch(`${api.url}/own/any`);
    expect(none.status).to.equal(401);
    expect(none.headers.get('www-authenticate')).to.equal('Bearer realm="latchkey"');
    expect(await none.json()).to.deep.equal({ own: 'authentication_required' });
    const { access_token: token } = await app.login();
    const headers = { Authorization: `Bearer ${token}` };
    const findMissingToolchain = await fetch(`${api.url}/own/both`, { headers });
    expect(findMissingToolchain.status).to.equal(403);
    expect(await findMissingToolchain.json()).to.deep.equal({ own: 'insufficient_scope' });
    await api.close();
    await app.close();
  });

  it('throws a refusal that has its response', async () => {
    const handle = latchkey.protect(() => new Response());
    const refusal = await handle(new Request('http://api.test/')).catch((error: unknown) => error);
    expect(refusal).to.include({ status: 401, statusCode: 401, code: 'authentication_required' });
    if (!(refusal instanceof Refusal)) throw new Error('It is no refusal.');
    expect(refusal.problem.type).to.equal(`${issuer.url}/problems/authentication_required`);
    const response = refusal.getResponse();
    expect(response.status).to.equal(401);
    expect(response.headers.get('WWW-Authenticate')).to.equal('Bearer realm="latchkey"');
    expect(await response.json()).to.deep.equal(refusal.problem);
  });

  it('accepts no requirement without an effect, wherever it is given', () => {
    for (const bad of ['', 'a b', 'fresh:soon', 'mfa:soon']) {
      expect(() => latchkey.requires(bad, { optional: true })).to.throw(TypeError, 'is no demand');
      expect(() => latchkey.protect(() => new Response(), bad)).to.throw(TypeError, 'is no demand');
    }
    const misplaced = [{ optional: true }, 'users:read'] as never as [string];
    expect(() => latchkey.requires(...misplaced)).to.throw(TypeError, 'is no demand');
  });
});

describe('A guard that is sent the header twice', () => {
  it('refuses both, as the service does', async () => {
    const app = await TestApp.start();
    const api = await GuardedApi.startFollowing(app);
    const { access_token: token } = await app.login();
    const twice = (path: string): string =>
      `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nauthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`;
    expect((await sendRawRequest(app.url, twice('/me'))).status).to.equal(401);
    const { status, text } = await sendRawRequest(api.url, twice('/own/any'));
    expect(status).to.equal(401);
    expect(text).to.include('invalid_token');
    await api.close();
    await app.close();
  });
});

describe('A guard of a service with a shared secret', () => {
  it('says at its start that there are no public keys, and blames no token', async () => {
    const app = await TestApp.start({
      settings: { JWT_ALGORITHM: 'HS256', JWT_SECRET_KEY: 'a secret of the tests, long enough' },
    });
    const api = await GuardedApi.start(app);
    const failed = await api.guard.start().then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    expect(failed?.name).to.equal('ServiceRefused');
    expect(failed?.message).to.include('no public keys').and.include('JWT_ALGORITHM=ES256');
    expect(api.warnings.filter((warning) => warning.includes('no public keys'))).to.have.length(1);
    const { access_token: token } = await app.login();
    const { body } = await api.get('/own/any', token).expect(503);
    expect(body.code).to.equal('not_ready');
    await api.get('/own/any').expect(401);
    await api.close();
    await app.close();
  });
});
