import { expect } from 'chai';
import type { Request } from 'express';
import { serviceActor } from '../../src/audit/actor.js';
import { expressAuthentication } from '../../src/authentication/authentication.js';
import { TestApp } from '../support/test-app.js';

describe('Permissions', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start();
  });
  after(() => app.close());

  const requestWith = (token: string): Request =>
    ({
      headers: { authorization: `Bearer ${token}` },
      rawHeaders: [],
      app: { locals: { services: app.services } },
    }) as unknown as Request;

  it('requires each permission of the operation, and names the missing ones (RFC 6750 §3.1)', async () => {
    await app.createUser('ada', 'the password of ada');
    const { access_token: token } = await app.login('ada', 'the password of ada');
    const { body, headers } = await app.get('/users', token).expect(403);
    expect(body).to.include({
      code: 'insufficient_scope',
      detail: 'This operation requires the permission users:read.',
    });
    expect(headers['www-authenticate']).to.equal(
      'Bearer realm="latchkey", error="insufficient_scope", scope="users:read"',
    );
    await app.get('/me', token).expect(200);
  });

  it('does not confuse permissions with a common prefix or suffix', async () => {
    const { access_token: admin } = await app.login();
    await app.put('/roles/almost', { permissions: ['users:rea', 'users:read2', 'users'] }, admin).expect(201);
    await app.createUser('bea', 'the password of bea', ['almost']);
    await app.get('/users', (await app.login('bea', 'the password of bea')).access_token).expect(403);
  });

  it('refuses with password_change_required for a one-time password, if permissions are required', async () => {
    const { access_token: admin } = await app.login();
    await app.put('/roles/reader', { permissions: ['users:read'] }, admin).expect(201);
    await app.createUser('cyd', 'the password of cyd', ['reader']);
    const oneTime = await app.services.users.resetPassword('cyd', serviceActor);
    const { access_token: token, scope } = await app.login('cyd', oneTime);
    expect(scope).to.equal('');
    const { body } = await app.get('/users', token).expect(403);
    expect(body).to.include({ code: 'password_change_required' });
    await app.get('/protected', token).expect(200);
  });

  it('provides the controller with the caller, whose permissions are immutable', async () => {
    const { access_token: token } = await app.login();
    const caller = expressAuthentication(requestWith(token), 'bearer');
    const { body: me } = await app.get('/me', token).expect(200);
    expect(caller).to.deep.include({ subject: me.id, sessionId: me.session_id });
    expect([...caller.permissions]).to.deep.equal(me.permissions);
    expect(caller.claims).to.be.frozen;
    const permissions = caller.permissions as Set<string>;
    for (const change of [() => permissions.add('all'), () => permissions.delete('users:read')])
      expect(change).to.throw(TypeError, 'cannot be changed');
    expect(() => {
      permissions.clear();
    }).to.throw(TypeError, 'cannot be changed');
    expect(expressAuthentication(requestWith(token), 'bearer', ['users:read'])).to.deep.equal(caller);
  });

  it('supports no scheme other than bearer', async () => {
    const { access_token: token } = await app.login();
    expect(() => expressAuthentication(requestWith(token), 'basic')).to.throw(
      'Unknown security scheme in the contract',
    );
  });
});
