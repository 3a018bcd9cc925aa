import { expect } from 'chai';
import type { Invitation } from '../../src/accounts/invitations.models.js';
import { databaseKinds } from '../support/databases.js';
import { requestClientToken, createClient } from '../support/oauth-clients.js';
import { occupyCores } from '../support/occupied-cores.js';
import { listMessagesTo } from '../support/messages.js';
import { TestApp } from '../support/test-app.js';
import { recordWork } from '../support/work.js';

const password = 'correct horse battery';
const week = 7 * 86_400;

for (const database of databaseKinds) {
  describe(`Invitations on ${database}`, () => {
    let app: TestApp;
    let admin: string;
    let made = 0;
    before(async () => {
      app = await TestApp.start({
        database,
        settings: { LATCHKEY_APP_URL: 'https://app.example.com/', LATCHKEY_PASSWORD_QUEUE: '1' },
      });
      ({ access_token: admin } = await app.login());
      await app.put('/roles/inviter', { permissions: ['users:read', 'users:write'] }, admin).expect(201);
      await app.put('/roles/auditor', { permissions: ['audit:read'] }, admin).expect(201);
    });
    beforeEach(async () => {
      ({ access_token: admin } = await app.login());
    });
    after(() => app.close());

    const newAddress = (): string => `grace.${++made}@example.com`;

    /** Invites somebody. @returns the invitation, and the token in the message. */
    async function invite(fields: object = {}, by = admin) {
      const email = newAddress();
      const { body } = await app.post('/invitations', { email, ...fields }, by).expect(201);
      return { invitation: body as Invitation, email, token: await readToken(email) };
    }

    async function readToken(address: string): Promise<string> {
      const [message] = await listMessagesTo(app, address, 'invitation');
      const [, token = ''] =
        /https:\/\/app\.example\.com\/invitation\?token=([A-Za-z0-9_-]+)/.exec(message?.text ?? '') ?? [];
      return token;
    }

    const accept = (token: string, fields: object = {}) =>
      app.post('/invitations/accept', { token, username: `grace ${++made}`, password, ...fields });

    it('send a link, with which somebody makes an account with the roles and a verified address', async () => {
      const { invitation, email, token } = await invite({ roles: ['auditor'], language: 'de' });
      expect(invitation).to.include({ email }).and.not.to.have.any.keys('token', 'token_hash');
      expect(invitation.roles).to.deep.equal(['auditor']);
      expect(Date.parse(invitation.expires_at) - app.clock.now()).to.equal(week * 1000);
      expect(token).to.match(/^lk_in_.{32}$/);
      const { body } = await accept(token, {
        username: `Grace ${++made}`,
        display_name: 'Grace',
      }).expect(201);
      expect(body)
        .to.include({ email })
        .and.to.deep.include({ roles: ['auditor'] });
      const { access_token: own } = await app.login(body.username as string, password);
      await app.get('/audit', own).expect(200);
      await app.login(email, password);
      const { body: user } = await app.get(`/users/${body.id}`, admin).expect(200);
      expect(user).to.include({
        ...{ email, email_verified: true, display_name: 'Grace', language: 'de' },
        password_change_required: false,
      });
    });

    it('work once, for one of several concurrent requests', async () => {
      const { token } = await invite();
      const letGo = await Promise.all(Array.from({ length: 2 }, () => accept(token)));
      expect(letGo.map(({ status }) => status).sort()).to.deep.equal([201, 404]);
      const { body } = await accept(token).expect(404);
      expect(body).to.include({ code: 'invitation_not_found' });
    });

    it('expire', async () => {
      const { token, invitation } = await invite();
      app.clock.advance(week);
      await accept(token).expect(404);
      ({ access_token: admin } = await app.login());
      await app.delete(`/invitations/${invitation.id}`, admin).expect(404);
      const { body } = await app.get('/invitations', admin).expect(200);
      expect(body.items).to.deep.equal([]);
      await app.services.cleanUp();
      const rows = await app.services.database.queries
        .selectFrom('latchkey_invitations')
        .selectAll()
        .execute();
      expect(rows).to.deep.equal([]);
    });

    it('can be withdrawn', async () => {
      const { token, invitation } = await invite();
      await app.delete(`/invitations/${invitation.id}`, admin).expect(204);
      await accept(token).expect(404);
      const { body } = await app.delete(`/invitations/${invitation.id}`, admin).expect(404);
      expect(body).to.include({ code: 'invitation_not_found' });
    });

    it('stop working when the same address is invited again, in any case of its letters', async () => {
      const { token, email } = await invite();
      await app.post('/invitations', { email: email.toUpperCase() }, admin).expect(201);
      await accept(token).expect(404);
      const { body } = await app.get('/invitations', admin).expect(200);
      const same = (body.items as Invitation[]).filter((each) => each.email.toLowerCase() === email);
      expect(same).to.have.length(1);
    });

    it('stay valid when the name or the password is refused', async () => {
      const { token } = await invite();
      const { body: taken } = await accept(token, { username: 'admin' }).expect(409);
      expect(taken).to.include({ code: 'username_taken' });
      const { body: common } = await accept(token, { password: 'sunshine' }).expect(422);
      expect(common.errors).to.have.all.keys('password');
      const { body: named } = await accept(token, { password: 'grace.9999' }).expect(422);
      expect(named.errors.password).to.include('grace');
      const letGo = occupyCores(app.services.passwords, 1);
      try {
        const { body } = await accept(token).expect(503);
        expect(body).to.include({ code: 'busy' });
      } finally {
        await letGo();
      }
      await accept(token).expect(201);
    });

    it('are not sent to an address that a user has, and not accepted once one has it', async () => {
      const { token, email } = await invite();
      const { body: user } = await app
        .post('/users', { username: `other ${made}`, password, email }, admin)
        .expect(201);
      const { body } = await app.post('/invitations', { email }, admin).expect(409);
      expect(body).to.include({ code: 'email_taken' });
      const { body: late } = await accept(token).expect(409);
      expect(late).to.include({ code: 'email_taken' });
      await app.delete(`/users/${user.id}`, admin).expect(204);
      await accept(token).expect(201);
    });

    it('make no account whose name is the address of somebody else', async () => {
      const { token, email } = await invite();
      for (const username of ['ceo@example.org', 'ceo\uff20example.org']) {
        const { body } = await accept(token, { username }).expect(422);
        expect(body.errors).to.have.all.keys('username');
      }
      await accept(token, { username: email }).expect(201);
    });

    it('give no more permissions than their sender has', async () => {
      const { username } = await app.createUser(`inviter ${++made}`, password, ['inviter']);
      const { access_token: inviter } = await app.login(username, password);
      await invite({ roles: ['inviter'] }, inviter);
      for (const roles of [['auditor'], ['admin'], ['inviter', 'auditor']]) {
        const { body } = await app.post('/invitations', { email: newAddress(), roles }, inviter).expect(403);
        expect(body).to.include({ code: 'insufficient_scope' });
      }
    });

    for (const [what, change] of [
      ['has lost the right', { roles: ['auditor'] }],
      ['is disabled', { disabled: true }],
      ['is deleted', undefined],
    ] as const) {
      it(`stop working once their sender ${what}`, async () => {
        const { id, username } = await app.createUser(`inviter ${++made}`, password, ['inviter']);
        const { access_token: inviter } = await app.login(username, password);
        const { token } = await invite({ roles: ['inviter'] }, inviter);
        if (change) await app.patch(`/users/${id}`, change, admin).expect(200);
        else await app.delete(`/users/${id}`, admin).expect(204);
        await accept(token).expect(404);
      });
    }

    it('stop working once a role has a permission that their sender lacks, or is deleted', async () => {
      const { username } = await app.createUser(`inviter ${++made}`, password, ['inviter']);
      const { access_token: inviter } = await app.login(username, password);
      await app.put('/roles/growing', { permissions: ['users:read'] }, admin).expect(201);
      const { token } = await invite({ roles: ['growing'] }, inviter);
      await app.put('/roles/growing', { permissions: ['users:read', 'audit:read'] }, admin).expect(200);
      await accept(token).expect(404);
      await app.delete('/roles/growing', admin).expect(204);
      await accept(token).expect(404);
    });

    it('are listed in pages, oldest first', async () => {
      const sent = [await invite(), await invite(), await invite()];
      const { body: all } = await app.get('/invitations?limit=200', admin).expect(200);
      const ids = (all.items as Invitation[]).map(({ id }) => id);
      expect(ids).to.include.members(sent.map(({ invitation }) => invitation.id));
      const { body: first } = await app.get('/invitations?limit=1', admin).expect(200);
      const { body: rest } = await app
        .get(`/invitations?limit=200&cursor=${first.next_cursor}`, admin)
        .expect(200);
      expect([...first.items, ...rest.items].map(({ id }: Invitation) => id)).to.deep.equal(ids);
    });

    it('are in the audit, and so is the account that is created', async () => {
      const { invitation, token, email } = await invite({ roles: ['auditor'] });
      const { body: user } = await accept(token).expect(201);
      const of = async (event: 'user_invited' | 'invitation_accepted') =>
        (await app.audited(event)).filter(({ target }) => target === invitation.id);
      expect((await of('user_invited')).map((row) => row.target_name)).to.deep.equal([email]);
      const [accepted] = await of('invitation_accepted');
      expect(JSON.parse(accepted?.details ?? '')).to.deep.equal({ invited_by: invitation.invited_by });
      const created = (await app.audited('user_created')).filter(({ target }) => target === user.id);
      expect(created).to.have.length(1);
      expect(JSON.stringify([...(await app.audited('user_invited')), accepted])).not.to.include(token);
    });

    it('cause no password hash for a token that is made up', async () => {
      const work = await recordWork(() => accept(`lk_in_${'A'.repeat(32)}`).expect(404));
      expect(work.filter((each) => /argon2id|^(?:write|insert|delete)/.test(each))).to.deep.equal([]);
      expect(work).to.have.length(1);
    });

    for (const [what, body, field] of [
      ['no address', {}, 'email'],
      ['what is no address', { email: 'grace at example' }, 'email'],
      ['an unknown role', { email: 'grace@example.net', roles: ['nobody'] }, 'roles'],
      ['a field too much', { email: 'grace@example.net', name: 'x' }, 'name'],
    ] as const) {
      it(`are refused for ${what}`, async () => {
        const { body: problem } = await app.post('/invitations', body, admin).expect(422);
        expect(problem.errors).to.have.all.keys(field);
      });
    }

    it('are sent by users who have the permission', async () => {
      const { username } = await app.createUser(`auditor ${++made}`, password, ['auditor']);
      const { access_token: token } = await app.login(username, password);
      const id = '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10';
      await app.post('/invitations', { email: newAddress() }, token).expect(403);
      await app.get('/invitations', token).expect(403);
      await app.delete(`/invitations/${id}`, token).expect(403);
      const client = await createClient(app, { scope: 'users:write' });
      const { access_token: machine } = await requestClientToken(app, client);
      const { body } = await app.post('/invitations', { email: newAddress() }, machine).expect(403);
      expect(body).to.include({ code: 'user_session_required' });
    });
  });
}
