import { expect } from 'chai';
import type { User } from '../../src/users/users.models.js';
import { databaseKinds } from '../support/databases.js';
import { TestApp } from '../support/test-app.js';

const password = 'correct horse battery';

for (const kind of databaseKinds) {
  describe(`Addresses and display names of accounts on ${kind}`, () => {
    let app: TestApp;
    let admin: string;
    before(async () => {
      app = await TestApp.start({ database: kind, settings: { JWT_ACCESS_TOKEN_EXPIRES: '1d' } });
      admin = (await app.login()).access_token;
    });
    after(() => app.close());

    const create = async (username: string, details: object = {}): Promise<User> =>
      (await app.post('/users', { username, password, ...details }, admin).expect(201)).body as User;
    const change = (id: string, details: object) => app.patch(`/users/${id}`, details, admin);
    const login = (username: string) => app.post('/login', { username, password });

    it('are in the account, with the domain in lower case', async () => {
      const details = { email: 'Ada@Example.COM', display_name: 'Ada Lovelace', language: 'de-AT' };
      const user = await create('ada', details);
      expect(user).to.deep.include({ ...details, email: 'Ada@example.com', email_verified: false });
      expect((await app.get(`/users/${user.id}`, admin)).body).to.deep.equal(user);
      const { body } = await app.get('/me', (await app.login('ada', password)).access_token);
      expect(body).to.deep.include({ ...details, email: 'Ada@example.com', email_verified: false });
    });

    it('let a user log in by a verified address, in any case, and by no other', async () => {
      const { id } = await create('bea', { email: 'Bea@example.com' });
      await login('bea@example.com').expect(401);
      await change(id, { email_verified: true }).expect(200);
      await login('bea@example.com').expect(200);
      await login('BEA@EXAMPLE.COM').expect(200);
      await login('bea').expect(200);
      await login('bea@example.org').expect(401);
      await change(id, { email: 'bea@example.org' }).expect(200);
      await login('bea@example.com').expect(401);
      await login('bea@example.org').expect(401);
    });

    it('compare the part before the @ exactly at a login where the settings say so', async () => {
      await create('carl', { email: 'Carl@example.com', email_verified: true });
      const exact = await app.openAgain({ LATCHKEY_EMAIL_LOCAL_PART: 'exact' });
      const context = { requestId: null, address: null, userAgent: null };
      expect(await exact.logins.login('Carl@EXAMPLE.com', password, context)).to.have.property(
        'access_token',
      );
      const refused = await exact.logins
        .login('carl@example.com', password, context)
        .catch((error: unknown) => error);
      expect(refused).to.have.property('code', 'invalid_credentials');
      await exact.database.close();
    });

    it('are one user’s, whatever their case, and no other user’s name', async () => {
      await create('dora', { email: 'dora@example.com' });
      await create('erik@example.com');
      const taken = await app
        .post('/users', { username: 'other', password, email: 'DORA@example.com' }, admin)
        .expect(409);
      expect(taken.body).to.include({ code: 'email_taken' });
      await app.post('/users', { username: 'other', password, email: 'erik@example.com' }, admin).expect(409);
      const named = await app.post('/users', { username: 'dora@example.com', password }, admin).expect(409);
      expect(named.body).to.include({ code: 'username_taken' });
      const { id } = await create('other');
      expect((await change(id, { email: 'dora@example.com' }).expect(409)).body.code).to.equal('email_taken');
      expect((await change(id, { username: 'dora@example.com' }).expect(409)).body.code).to.equal(
        'username_taken',
      );
      // The own name may be the own address.
      const own = await create('fay@example.com', { email: 'fay@example.com' });
      await change(own.id, { email_verified: true }).expect(200);
      await login('fay@example.com').expect(200);
    });

    it('go to one of several users who request the same one concurrently', async () => {
      const users = await Promise.all(['one', 'two', 'three'].map((name) => create(`race ${name}`)));
      const responses = await Promise.all(users.map(({ id }) => change(id, { email: 'race@example.com' })));
      expect(responses.map(({ status }) => status).sort()).to.deep.equal([200, 409, 409]);
    });

    it('are free again after the account was deleted, or has another', async () => {
      const { id } = await create('gone', { email: 'gone@example.com' });
      await app.delete(`/users/${id}`, admin).expect(204);
      const next = await create('next', { email: 'gone@example.com' });
      await change(next.id, { email: '' }).expect(200);
      await create('third', { email: 'gone@example.com' });
    });

    it('are changed and removed, with their verification, and each change is in the audit', async () => {
      const { id } = await create('hugo', { email: 'hugo@example.com', email_verified: true });
      const same = await change(id, { email: 'hugo@example.com' }).expect(200);
      expect(same.body).to.include({ email_verified: true });
      const other = await change(id, { email: 'hugo@example.org', display_name: 'Hugo' }).expect(200);
      expect(other.body).to.include({
        email: 'hugo@example.org',
        email_verified: false,
        display_name: 'Hugo',
      });
      // Rows of one millisecond have no order.
      app.clock.advance(1);
      const removed = await change(id, { email: '', display_name: '', language: '' }).expect(200);
      for (const field of ['email', 'email_verified', 'display_name', 'language'])
        expect(removed.body).not.to.have.property(field);
      const changes = (await app.audited('email_changed'))
        .filter(({ target }) => target === id)
        .map(({ details }) => JSON.parse(details ?? '') as unknown);
      expect(changes).to.deep.equal([
        {
          email: { from: 'hugo@example.com', to: 'hugo@example.org' },
          email_verified: { from: true, to: false },
        },
        { email: { from: 'hugo@example.org', to: null } },
      ]);
      expect((await app.audited('profile_changed')).filter(({ target }) => target === id)).to.have.length(2);
    });

    for (const [what, details, field] of [
      ['what is no address', { email: 'hugo@example' }, 'email'],
      ['an address with a line break', { email: 'hugo@example.com\r\nBcc: x@example.com' }, 'email'],
      ['a verification without an address', { email_verified: true }, 'email_verified'],
      ['a display name that cannot be seen', { display_name: 'Hu\u200bgo' }, 'display_name'],
      ['what is no language', { language: 'german!' }, 'language'],
    ] as const) {
      it(`are refused: ${what}`, async () => {
        const { id } = await create(`without ${field} ${what.length}`);
        const { body } = await change(id, details).expect(422);
        expect(Object.keys(body.errors as object)).to.deep.equal([field]);
      });
    }

    it('are found by the beginning of an address', async () => {
      for (const name of ['ina', 'ines', 'ingo']) {
        app.clock.advance(1);
        await create(name, { email: `${name[0]?.toUpperCase()}${name.slice(1)}@list.example` });
      }
      const list = async (query: string): Promise<string[]> =>
        ((await app.get(`/users?${query}`, admin).expect(200)).body.items as User[]).map(
          ({ username }) => username,
        );
      expect(await list('email=in')).to.deep.equal(['ina', 'ines', 'ingo']);
      expect(await list('email=INE')).to.deep.equal(['ines']);
      expect(await list('email=ina@list.example')).to.deep.equal(['ina']);
      expect(await list('email=in&name=i&order=desc')).to.deep.equal(['ingo', 'ines', 'ina']);
      const page = await app.get('/users?email=in&limit=1&total=true', admin);
      expect(page.body.total).to.equal(3);
      await app.get(`/users?email=x&cursor=${String(page.body.next_cursor)}`, admin).expect(422);
    });
  });
}
