import { expect } from 'chai';
import type { ProblemDetails } from '../../src/problems/problem.models.js';
import type { Health } from '../../src/server/health.models.js';
import { databaseKinds } from '../support/databases.js';
import { TestApp } from '../support/test-app.js';

for (const database of databaseKinds) {
  describe(`Health on ${database}`, () => {
    let app: TestApp;
    before(async () => {
      app = await TestApp.start({ database });
    });
    after(() => app.close());

    it('is reported as good, to anyone', async () => {
      for (const path of ['/health/live', '/health/ready'])
        expect((await app.get(path).expect(200)).body).to.deep.equal({ status: 'ok' });
    });

    it('tells callers with metrics:read what was checked, and how far revocations lag', async () => {
      const { access_token: token } = await app.login();
      const { body } = await app.get('/health/ready', token).expect(200);
      const { checks } = body as Health;
      expect(checks?.map(({ name, ready }) => ({ name, ready }))).to.deep.equal([
        { name: 'process', ready: true },
        { name: 'database', ready: true },
        { name: 'revocations', ready: true },
      ]);
      expect(checks?.[2]?.lag_seconds).to.be.within(0, 60);
    });

    it('tells nothing more to a caller without it', async () => {
      await app.createUser('ada', 'a password that is long enough');
      const { access_token: token } = await app.login('ada', 'a password that is long enough');
      expect((await app.get('/health/ready', token).expect(200)).body).to.deep.equal({ status: 'ok' });
    });

    it('is refused with a token that is not valid, as is every optional operation', async () => {
      const { body } = await app.get('/health/ready', 'nonsense').expect(401);
      expect(body).to.include({ code: 'invalid_token' });
    });

    it('is live but not ready if the database does not respond; the log says why', async () => {
      const { access_token: token } = await app.login();
      await app.services.database.close();
      await app.get('/health/live').expect(200);
      const response = await app.get('/health/ready').expect(503);
      expect(response.body).to.include({
        code: 'not_ready',
        detail: 'The database does not respond, or does not accept writes.',
      });
      const since = new Date(app.clock.now()).toISOString();
      app.clock.advance(60);
      const { body } = await app.get('/health/ready', token).expect(503);
      expect((body as ProblemDetails).detail).to.match(
        new RegExp(`^The database does not respond, or does not accept writes\\. Since ${since}: \\S`),
      );
      expect(app.logged).to.have.length(1);
      expect(app.logged[0]).to.include({ level: 40, requestId: response.get('X-Request-Id') });
      expect(app.logged[0]?.['err'])
        .to.have.property('stack')
        .that.matches(/destroyed|is closed/);
    });

    it('names all that is not ready to anyone, the database before the revocations that it carries', async () => {
      const away = await TestApp.start({ database });
      const { access_token: token } = await away.login();
      away.services.feed.isCurrent = () => false;
      await away.services.database.close();
      const { body } = await away.get('/health/ready').expect(503);
      const databaseDetail = 'The database does not respond, or does not accept writes.';
      const revocations =
        'Revocations of other replicas do not arrive: each request reads them from the database.';
      expect((body as ProblemDetails).detail).to.equal(`${databaseDetail} ${revocations}`);
      const { body: full } = await away.get('/health/ready', token).expect(503);
      const since = `Since ${new Date(away.clock.now()).toISOString()}`;
      expect((full as ProblemDetails).detail)
        .to.include(`${databaseDetail} ${since}: `)
        .and.include(` ${revocations} ${since}`);
      await away.close();
    });

    it('is not ready while the service stops, which is expected, and not logged', async () => {
      const stopping = await TestApp.start({ database });
      stopping.services.lifecycle.stopping = true;
      await stopping.get('/health/ready').expect(503);
      await stopping.get('/health/ready').expect(503);
      expect(stopping.logged).to.deep.equal([]);
      await stopping.close();
    });

    it('is not ready while revocations of other replicas do not arrive, and the log says so without a stack', async () => {
      const behind = await TestApp.start({ database });
      behind.services.feed.isCurrent = () => false;
      await behind.get('/health/ready').expect(503);
      await behind.get('/health/ready').expect(503);
      expect(behind.logged).to.have.length(1);
      expect(behind.logged[0]).not.to.have.property('err');
      expect(behind.logged[0]?.['detail']).to.match(/^Revocations of other replicas do not arrive/);
      await behind.close();
    });
  });
}
