import { expect } from 'chai';
import fc from 'fast-check';
import type { Response, Test } from 'supertest';
import type { RequestContext } from '../../src/http/request-context.js';
import { Problem } from '../../src/problems/problem.js';
import type { Services } from '../../src/server/services.js';
import { databaseKinds } from '../support/databases.js';
import { addSession } from '../support/records.js';
import { TestApp } from '../support/test-app.js';
import { readVisible } from '../support/visible-response.js';
import { recordWork, writes } from '../support/work.js';

const password = 'the password of ada';
const settings = { LATCHKEY_TRUSTED_PROXIES: 'loopback' };

for (const database of databaseKinds) {
  describe(`Logging in under attack on ${database}`, () => {
    let app: TestApp;
    /** Replicas, each with its own connections and memory. */
    let replicas: Services[];
    before(async () => {
      app = await TestApp.start({ database, settings });
      for (const name of ['ada', 'bea']) await app.createUser(name, password);
      // A SQLite file has only one process.
      const others = database === 'postgres' ? [await app.openAgain(), await app.openAgain()] : [];
      replicas = [app.services, ...others];
    });
    beforeEach(async () => {
      await app.services.database.queries.deleteFrom('login_attempts').execute();
      await app.services.database.queries.deleteFrom('sessions').execute();
    });
    after(async () => {
      for (const { database: opened } of replicas.slice(1)) await opened.close();
      await app.close();
    });

    const login = (name: string, from: string, given = password): Test =>
      app.post('/login', { username: name, password: given }).set('X-Forwarded-For', from);
    const rows = () => app.services.database.queries.selectFrom('login_attempts').selectAll().execute();
    const contextFrom = (address: string): RequestContext => ({
      requestId: null,
      address,
      userAgent: null,
    });
    /** Logs in on the replica with this number. @returns the code of the refusal. */
    const attempt = async (number: number, given: string, from: string, name = 'ada'): Promise<string> => {
      const services = replicas[number % replicas.length];
      try {
        await services?.logins.login(name, given, contextFrom(from));
        return 'in';
      } catch (error) {
        if (error instanceof Problem) return error.code;
        throw error;
      }
    };
    const count = (codes: readonly string[], code: string): number =>
      codes.filter((each) => each === code).length;

    it('writes nothing for a blocked address, whatever names it tries', async () => {
      for (let guess = 0; guess < 6; guess += 1) await login(`user ${guess}`, '192.0.2.1').expect(401);
      const before = await rows();
      expect(before).to.have.length(7);
      const work = await recordWork(() =>
        Promise.all(
          Array.from({ length: 50 }, (_, index) => login(`name ${index}`, '192.0.2.1').expect(429)),
        ),
      );
      expect(await rows()).to.deep.equal(before);
      expect(work.filter(writes)).to.be.empty;
      expect(work.join()).not.to.include('argon2id');
    });

    it('leaves no row of a login without a failure', async () => {
      await Promise.all(Array.from({ length: 10 }, () => login('ada', '192.0.2.1').expect(200)));
      expect(await rows()).to.be.empty;
    });

    if (database === 'sqlite') {
      it('writes once for a login, right or wrong', async () => {
        await login('bea', '192.0.2.9', 'a wrong guess').expect(401);
        const right = await recordWork(() => login('bea', '192.0.2.1').expect(200));
        expect(right.filter(writes)).to.have.length(1);
        const wrong = await recordWork(() => login('bea', '192.0.2.1', 'a wrong guess').expect(401));
        expect(wrong.filter(writes)).to.have.length(1);
      });
    }

    it('stores a row for each name and address of checked attempts alone', async () => {
      for (let guess = 0; guess < 30; guess += 1) await login(`user ${guess}`, `2001:db8:0:${guess % 3}::1`);
      // Six for each of three networks: eighteen names, three networks, one site.
      expect(await rows()).to.have.length(22);
    });

    it('refuses no right password because of pending attempts, on any replica', async () => {
      for (const from of ['192.0.2.1', '192.0.2.2']) {
        const codes = await Promise.all(
          Array.from({ length: 40 }, (_, number) => attempt(number, password, from)),
        );
        expect(count(codes, 'in')).to.equal(40);
      }
      expect(await rows()).to.be.empty;
    });

    // Pending attempts in memory end with their process.
    if (database === 'postgres') {
      it('refuses no right password because of attempts whose process was killed', async () => {
        const { queries } = app.services.database;
        // As a process leaves them that is killed while it checks six passwords.
        const spy = queries.selectFrom('login_attempts').selectAll();
        await attempt(0, 'a wrong guess', '192.0.2.1');
        await queries
          .updateTable('login_attempts')
          .set({ failures: 0, pending: 6, pending_until: app.clock.now() + 4000 })
          .execute();
        const waiting = attempt(0, password, '192.0.2.1');
        app.clock.advance(4);
        expect(await waiting).to.equal('in');
        expect((await spy.execute()).filter(({ pending }) => pending > 0)).to.be.empty;
      });
    }

    it('refuses no right password, either, if one more failure would cause a wait', async () => {
      for (let guess = 0; guess < 5; guess += 1) {
        expect(await attempt(guess, 'a wrong guess', '192.0.2.1', `user ${guess}`)).to.equal(
          'invalid_credentials',
        );
      }
      const names = Array.from({ length: 12 }, (_, number) => (number % 2 === 0 ? 'ada' : 'bea'));
      const codes = await Promise.all(
        names.map((name, number) => attempt(number, password, '192.0.2.1', name)),
      );
      expect(count(codes, 'in')).to.equal(12);
    });

    it('checks no more wrong passwords than may fail, however many are sent at once to any replicas', async () => {
      const sent = async (from: (index: number) => string): Promise<void> => {
        const codes: string[] = [];
        const work = await recordWork(async () => {
          codes.push(
            ...(await Promise.all(
              Array.from({ length: 40 }, (_, number) => attempt(number, `guess ${number}`, from(number))),
            )),
          );
        });
        expect(count(codes, 'invalid_credentials')).to.equal(6);
        expect(count(codes, 'too_many_attempts')).to.equal(34);
        expect(work.filter((each) => each.startsWith('argon2id'))).to.have.length(6);
        await app.services.database.queries.deleteFrom('login_attempts').execute();
      };
      await sent(() => '192.0.2.1');
      await sent((index) => `192.0.2.${index}`);
    });

    it("checks no more of them if other users' right ones come in between", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.boolean(), { minLength: 10, maxLength: 30 }), async (wrongs) => {
          await app.services.database.queries.deleteFrom('login_attempts').execute();
          await app.services.database.queries.deleteFrom('sessions').execute();
          const codes = await Promise.all(
            wrongs.map((isWrong, number) =>
              isWrong
                ? attempt(number, 'a wrong guess', '192.0.2.1', `user ${number}`)
                : attempt(number, password, '192.0.2.1', 'bea'),
            ),
          );
          expect(count(codes, 'invalid_credentials')).to.be.at.most(6);
          const left = await rows();
          expect(left.every(({ pending }) => pending === 0)).to.be.true;
        }),
        { numRuns: 8 },
      );
    });

    it('counts each spelling of an address for the same account', async () => {
      const admin = (await app.login()).access_token;
      const body = { username: 'cy', password, email: 'cy@example.com', email_verified: true };
      await app.post('/users', body, admin).expect(201);
      // Where the account has logged in, nothing else is counted.
      await login('cy@example.com', '192.0.2.1').expect(200);
      const spellings = ['cy', 'CY', 'Cy'].flatMap((name) => [
        `${name}@example.com`,
        `${name}@EXAMPLE.com`,
        `${name}@ｅxample.com`,
        `${name}@example。com`,
      ]);
      const codes = [];
      for (const name of spellings) codes.push(await attempt(0, 'a wrong guess', '192.0.2.1', name));
      expect(count(codes, 'invalid_credentials')).to.equal(6);
      for (const name of ['cy@example.com/1', 'cy@example.com?', 'cy@exa%6dple.com', 'cy@exam\u00adple.com'])
        expect(await attempt(0, password, '192.0.2.1', name)).not.to.equal('in');
    });

    it('counts a name and an address of one account apart, so that a wait does not tell whose address it is', async () => {
      const admin = (await app.login()).access_token;
      const body = { username: 'dora', password, email: 'dora@example.com', email_verified: true };
      await app.post('/users', body, admin).expect(201);
      const codes: string[] = [];
      const guess = async (times: number, name: string): Promise<void> => {
        for (let time = 0; time < times; time += 1)
          codes.push(await attempt(0, 'a wrong guess', `198.51.100.${codes.length}`, name));
      };
      await guess(7, 'dora@example.com');
      await guess(1, 'dora');
      await guess(7, 'nobody@example.com');
      await guess(1, 'nobody');
      expect(codes.slice(0, 8)).to.deep.equal(codes.slice(8));
      expect(codes.slice(5, 8)).to.deep.equal([
        'invalid_credentials',
        'too_many_attempts',
        'invalid_credentials',
      ]);
    });

    it('counts a /48 of IPv6 in addition to its networks, with its own allowance', async () => {
      const limited = await app.openAgain({ LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_SITE: '10' });
      try {
        const guess = (index: number, site: string): Promise<string> =>
          limited.logins.login(`user ${index}`, 'a guess', contextFrom(`${site}:${index}::1`)).then(
            () => 'in',
            (error: unknown) => (error as Problem).code,
          );
        for (let index = 0; index < 11; index += 1)
          expect(await guess(index, '2001:db8:1'), String(index)).to.equal('invalid_credentials');
        expect(await guess(99, '2001:db8:1')).to.equal('too_many_attempts');
        expect(await guess(99, '2001:db8:2')).to.equal('invalid_credentials');
      } finally {
        await limited.database.close();
      }
    });
  });

  describe(`A login that is refused on ${database}`, () => {
    let app: TestApp;
    before(async () => {
      const costs = (memory: number, time: number) => ({
        LATCHKEY_PASSWORD_MEMORY_COST: String(memory),
        LATCHKEY_PASSWORD_TIME_COST: String(time),
      });
      app = await TestApp.start({ database, settings: { ...settings, ...costs(8, 1) } });
      await app.createUser('lower', password);
      app = await app.restart(costs(64, 3));
      await app.createUser('higher', password);
      app = await app.restart(costs(16, 2));
      const { access_token: admin } = await app.login();
      for (const name of ['current', 'busy', 'disabled']) await app.createUser(name, password);
      const { id: disabled } = await app.createUser('disabled and outdated', password);
      const queries = app.services.database.queries;
      const hashOf = async (name: string): Promise<string> =>
        (
          await queries
            .selectFrom('users')
            .select('password_hash')
            .where('username', '=', name)
            .executeTakeFirstOrThrow()
        ).password_hash;
      await queries
        .updateTable('users')
        .set({ password_hash: await hashOf('lower') })
        .where('id', '=', disabled)
        .execute();
      const busy = await queries
        .selectFrom('users')
        .selectAll()
        .where('username', '=', 'busy')
        .executeTakeFirstOrThrow();
      for (let session = 0; session < 300; session += 1) await addSession(queries, busy);
      const { body } = await app.get('/users?name=disabled', admin).expect(200);
      for (const { id } of body.items as { id: string }[])
        await app.patch(`/users/${id}`, { disabled: true }, admin).expect(200);
      for (const expired of ['used', 'expired']) {
        await app.post('/users', { username: expired, password, one_time: true }, admin).expect(201);
      }
      await app.login('used', password);
      app.clock.advance(86_400);
    });
    after(() => app.close());

    it('takes the same steps in the same order, whatever the user and the reason', async () => {
      const cases: [string, string][] = [
        ['nobody', password],
        ['current', 'a wrong one'],
        ['busy', 'a wrong one'],
        ['lower', 'a wrong one'],
        ['higher', 'a wrong one'],
        ['disabled', 'a wrong one'],
        ['disabled', password],
        ['disabled and outdated', 'a wrong one'],
        ['disabled and outdated', password],
        ['used', 'a wrong one'],
        ['used', password],
        ['expired', 'a wrong one'],
        ['expired', password],
      ];
      const seen: { work: string[]; response: object; rows: unknown }[] = [];
      const { queries } = app.services.database;
      // The first ones prepare their statements.
      for (let round = 0; round < 4; round += 1) {
        seen.length = 0;
        for (const [username, given] of cases) {
          await queries.deleteFrom('login_attempts').execute();
          let response: Response | undefined;
          const work = await recordWork(async () => {
            response = await app
              .post('/login', { username, password: given })
              .set('X-Forwarded-For', '192.0.2.77')
              .expect(401);
          });
          const rows = await queries
            .selectFrom('login_attempts')
            .select(['failures', 'pending', 'blocked_until', 'expires_at'])
            .execute();
          if (response) seen.push({ work, response: readVisible(response), rows });
        }
      }
      const [first] = seen;
      expect(first?.work.filter((each) => each.startsWith('argon2id'))).to.have.length(3);
      for (const [index, each] of seen.entries()) expect(each, cases[index]?.join()).to.deep.equal(first);
    });

    it("does not rehash a disabled user's password, and rehashes another's", async () => {
      const costs = async (username: string): Promise<string | undefined> =>
        (
          await app.services.database.queries
            .selectFrom('users')
            .select('password_hash')
            .where('username', '=', username)
            .executeTakeFirst()
        )?.password_hash.split('$')[3];
      await app.services.database.queries.deleteFrom('login_attempts').execute();
      await app.post('/login', { username: 'disabled and outdated', password }).expect(401);
      expect(await costs('disabled and outdated')).to.equal('m=8,t=1,p=1');
      for (const name of ['lower', 'higher']) {
        const work = await recordWork(() => app.login(name, password));
        expect(work.filter((each) => each.startsWith('argon2id'))).to.have.length(3);
        expect(await costs(name)).to.equal('m=16,t=2,p=1');
      }
      await app.services.cleanUp();
      const work = await recordWork(() => app.login('lower', password));
      // One disabled user still has the earlier costs.
      expect(work.filter((each) => each.startsWith('argon2id'))).to.have.length(2);
    });
  });
}
