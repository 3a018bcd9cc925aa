import { expect } from 'chai';
import supertest from 'supertest';
import repository from '../../src/project.js';
import { closeAll, startTestService, TestClock, type TestService } from '../../src/testing.js';
import { databaseKinds } from '../support/databases.js';

for (const kind of databaseKinds) {
  describe(`startTestService on ${kind}`, () => {
    let service: TestService;
    before(async () => {
      service = await startTestService(repository, { database: kind });
    });
    after(() => service.close());

    const get = (path: string, token?: string): supertest.Test => {
      const test = supertest(service.url).get(path);
      return token === undefined ? test : test.set('Authorization', `Bearer ${token}`);
    };

    it('creates users with the permissions that a test names, and logs them in', async () => {
      const reader = await service.createUser({ permissions: ['users:read'] });
      const other = await service.createUser({ username: 'ada' });
      await get('/users', reader.accessToken).expect(200);
      await get('/roles', reader.accessToken).expect(403);
      await supertest(service.url).get('/users').set(other.headers).expect(403);
      const { body } = await get('/me', other.accessToken).expect(200);
      expect(body).to.include({ id: other.id, username: 'ada' });
      await supertest(service.url)
        .post('/login')
        .send({ username: other.username, password: other.password })
        .expect(200);
    });

    it('creates users with roles that there are', async () => {
      const admin = await service.createUser({ roles: ['admin'], permissions: ['reports:read'] });
      const { body } = await get('/me', admin.accessToken).expect(200);
      expect(body.permissions).to.include.members(['users:write', 'reports:read']);
    });

    it('issues access tokens of any age, fresh and not', async () => {
      const ada = await service.createUser();
      await get('/protected', ada.createAccessToken()).expect(200);
      await get('/protected', ada.createAccessToken({ age: 60 })).expect(200);
      const { body } = await get('/protected', ada.createAccessToken({ age: 86_400 })).expect(401);
      expect(body).to.include({ detail: 'The access token has expired.' });
      const { body: me } = await get('/me', ada.createAccessToken({ fresh: false })).expect(200);
      expect(me).to.include({ id: ada.id });
    });

    it('issues access tokens with the same claims as the login', async () => {
      const ada = await service.createUser({ permissions: ['reports:read'] });
      const claimsOf = (token: string): object => {
        const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object;
        return { ...claims, jti: 'another each time' };
      };
      expect(claimsOf(ada.createAccessToken())).to.deep.equal(claimsOf(ada.accessToken));
    });

    it('has tokens expire when the test moves the clock, and logs in again', async () => {
      const ada = await service.createUser();
      service.clock.advance(86_400);
      await get('/protected', ada.accessToken).expect(401);
      const again = await service.login(ada);
      expect(again.id).to.equal(ada.id);
      await get('/protected', again.accessToken).expect(200);
      await get('/protected', again.createAccessToken({ age: 10 })).expect(200);
    });

    it('has a database and a log that a test can look at', async () => {
      await service.createUser({ username: 'grace' });
      const found = await service.database.queries
        .selectFrom('users')
        .select('id')
        .where('username', '=', 'grace')
        .execute();
      expect(found).to.have.length(1);
      await supertest(service.url)
        .post('/login')
        .send({ username: 'grace', password: 'another one' })
        .expect(401);
      expect(service.logged.map(({ msg }) => msg)).to.include('login or refresh denied');
    });
  });
}

describe('startTestService', () => {
  it('takes settings, and a clock that several services share', async () => {
    const clock = new TestClock();
    await using first = await startTestService(repository, { clock });
    await using second = await startTestService(repository, {
      clock,
      settings: { JWT_ACCESS_TOKEN_EXPIRES: '10s' },
    });
    const ada = await second.createUser();
    clock.advance(10);
    expect(first.clock.now()).to.equal(second.clock.now());
    await supertest(second.url).get('/protected').set(ada.headers).expect(401);
  });

  it('refuses settings as the service does', async () => {
    const refused = await startTestService(repository, { settings: { LATCHKEY_SESSION_LIMIT: 'some' } }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect((refused as Error).message).to.match(/^LATCHKEY_SESSION_LIMIT is "some", but/);
  });

  it('closes what a failed test has left open', async () => {
    const left = await startTestService(repository);
    await closeAll();
    expect(
      await supertest(left.url)
        .get('/health/live')
        .then(
          () => 'open',
          () => 'closed',
        ),
    ).to.equal('closed');
    await closeAll();
  });
});
