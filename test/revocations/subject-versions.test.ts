import { expect } from 'chai';
import { everyVersion } from '../../src/revocations/revocations.js';
import { SubjectVersions } from '../../src/revocations/subject-versions.js';
import { databaseKinds } from '../support/databases.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';

for (const database of databaseKinds) {
  describe(`Subject versions on ${database}`, () => {
    let app: TestApp;
    let versions: SubjectVersions;
    before(async () => {
      app = await TestApp.start({ database });
      versions = new SubjectVersions(app.clock, app.services.revocations);
    });
    after(() => app.close());

    const raise = (whose: Parameters<SubjectVersions['increment']>[1]) =>
      app.services.database.transaction((transaction) => versions.increment(transaction, whose));

    it('rise by one each time, and the next token has the new one', async () => {
      const { id } = await app.createUser('ada', 'the password of ada');
      expect((await raise({ userId: id }))[0]).to.include({ kind: 'subject', target: id, version: 1 });
      expect((await raise({ userId: id }))[0]).to.include({ version: 2 });
      const { access_token: token } = await app.login('ada', 'the password of ada');
      expect(readJwt(token).claims).to.include({ ver: 2 });
      await app.get('/protected', token).expect(200);
    });

    it('lose no increment in concurrent changes', async () => {
      const { id } = await app.createUser('bea', 'the password of bea');
      const raised = await Promise.all(Array.from({ length: 10 }, () => raise({ userId: id })));
      const reached = raised.flat().map(({ version }) => version);
      expect(reached.sort((a, b) => Number(a) - Number(b))).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    });

    it('do not change with a role: one revocation concerns all its holders, and no other user', async () => {
      const { access_token: admin } = await app.login();
      await app.put('/roles/auditor', { permissions: [] }, admin).expect(201);
      await app.createUser('cyd', 'the password of cyd', ['auditor']);
      await app.createUser('dov', 'the password of dov', ['auditor', 'admin']);
      await app.createUser('eve', 'the password of eve', ['admin']);
      const tokens = [];
      for (const name of ['cyd', 'dov', 'eve']) {
        tokens.push((await app.login(name, `the password of ${name}`)).access_token);
      }
      const raised = await raise({ role: 'auditor' });
      expect(raised.map(({ kind, target }) => [kind, target])).to.deep.equal([['role', 'auditor']]);
      app.services.revocations.apply(raised);
      for (const [index, status] of [401, 401, 200].entries()) {
        await app.get('/protected', tokens[index]).expect(status);
      }
      for (const name of ['cyd', 'dov']) {
        const { access_token: token } = await app.login(name, `the password of ${name}`);
        await app.get('/protected', token).expect(200);
      }
    });

    it('are kept until every token of the user has expired', async () => {
      const { id } = await app.createUser('fay', 'the password of fay');
      app.clock.advance(100);
      const { access_token: token } = await app.login('fay', 'the password of fay');
      app.clock.advance(-100);
      const [revocation] = await raise({ userId: id });
      expect(revocation?.expires_at).to.be.greaterThan(Number(readJwt(token).claims['exp']) * 1000);
    });

    it('revoke every possible version when the user is deleted', async () => {
      const { id } = await app.createUser('gus', 'the password of gus');
      const [revocation] = await app.services.database.transaction((transaction) =>
        versions.revokeForever(transaction, { userId: id }),
      );
      expect(revocation).to.include({ target: id, version: everyVersion });
    });

    it('write nothing for a user that does not exist', async () => {
      const gone = '00000000-0000-7000-8000-000000000000';
      expect(await raise({ userId: gone })).to.be.empty;
      expect(
        await app.services.database.transaction((transaction) =>
          versions.revokeForever(transaction, { userId: gone }),
        ),
      ).to.be.empty;
    });
  });
}
