import { expect } from 'chai';
import type { Test } from 'supertest';
import { LoginLimiter } from '../../src/authentication/login-limiter.js';
import { databaseKinds } from '../support/databases.js';
import { TestApp } from '../support/test-app.js';

for (const database of databaseKinds) {
  describe(`The limit on failed logins on ${database}`, () => {
    const settings = { LATCHKEY_TRUSTED_PROXIES: 'loopback' };
    const password = 'the password of ada';
    let app: TestApp;
    before(async () => {
      app = await TestApp.start({ database, settings });
      for (const name of ['ada', 'bea', 'cyd']) await app.createUser(name, password);
    });
    beforeEach(async () => {
      await app.services.database.queries.deleteFrom('login_attempts').execute();
      await app.services.database.queries.deleteFrom('sessions').execute();
    });
    after(() => app.close());

    const login = (name: string, from: string, given = password): Test =>
      app.post('/login', { username: name, password: given }).set('X-Forwarded-For', from);
    const guess = (name: string, from: string): Test => login(name, from, 'a wrong guess');

    /** The free attempts, and the first that causes a wait. */
    async function guessUntilWaiting(name: string, from: string): Promise<void> {
      for (let count = 0; count < 6; count += 1) await guess(name, from).expect(401);
    }

    async function expectWait(attempt: Test, seconds: number): Promise<void> {
      const { body, headers } = await attempt.expect(429);
      expect(body).to.include({ code: 'too_many_attempts' });
      expect(headers['retry-after']).to.equal(String(seconds));
    }

    it('allows five failures without a wait, then doubles the wait with each failure, up to the maximum', async () => {
      for (let count = 0; count < 5; count += 1) await guess('ada', '192.0.2.1').expect(401);
      for (const seconds of [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]) {
        await guess('ada', '192.0.2.1').expect(401);
        await expectWait(guess('ada', '192.0.2.1'), seconds);
        app.clock.advance(seconds);
      }
    });

    it('stays at the maximum wait, however many failures there are', async () => {
      await guess('ada', '192.0.2.1').expect(401);
      await app.services.database.queries
        .updateTable('login_attempts')
        .set({ failures: 1_000_000 })
        .execute();
      await guess('ada', '192.0.2.1').expect(401);
      await expectWait(guess('ada', '192.0.2.1'), 900);
    });

    it('returns the seconds left, rounded up, and does not restart the wait', async () => {
      await guessUntilWaiting('ada', '192.0.2.1');
      app.clock.advance(1);
      await guess('ada', '192.0.2.1').expect(401);
      await expectWait(guess('ada', '192.0.2.1'), 2);
      app.clock.advance(0.5);
      await expectWait(guess('ada', '192.0.2.1'), 2);
      app.clock.advance(0.5);
      await expectWait(guess('ada', '192.0.2.1'), 1);
      app.clock.advance(0.999);
      await expectWait(guess('ada', '192.0.2.1'), 1);
      app.clock.advance(0.001);
      await guess('ada', '192.0.2.1').expect(401);
    });

    it('also applies to a right password during the wait, and to an unknown name', async () => {
      for (const name of ['ada', 'nobody']) {
        await guessUntilWaiting(name, '192.0.2.1');
        await expectWait(login(name, '192.0.2.2'), 1);
        app.clock.advance(3600);
        await app.services.database.queries.deleteFrom('login_attempts').execute();
      }
    });

    it('counts guesses at an account from any address', async () => {
      for (let count = 1; count <= 6; count += 1) await guess('ada', `192.0.2.${count}`).expect(401);
      await expectWait(guess('ada', '192.0.2.7'), 1);
      await guess('bea', '192.0.2.7').expect(401);
    });

    it('counts guesses at a name in upper and lower case together', async () => {
      const names = ['ada', 'ADA', 'Ada', 'aDa', 'adA', 'AdA'];
      for (const [index, name] of names.entries()) await guess(name, `192.0.2.${index}`).expect(401);
      await expectWait(guess('ada', '192.0.2.7'), 1);
    });

    it('counts guesses from an address at any account', async () => {
      for (let count = 1; count <= 6; count += 1) await guess(`user ${count}`, '192.0.2.1').expect(401);
      await expectWait(guess('ada', '192.0.2.1'), 1);
      await guess('ada', '192.0.2.2').expect(401);
    });

    it('does not count an attempt that waits because of its address alone, or its account alone', async () => {
      for (let count = 1; count <= 6; count += 1) await guess(`user ${count}`, '192.0.2.1').expect(401);
      for (let count = 0; count < 9; count += 1) await guess('ada', '192.0.2.1').expect(429);
      await guessUntilWaiting('ada', '192.0.2.2');
    });

    const origin = { account: 'ada', address: '192.0.2.1', known: false };
    const limiterOf = ({ services, clock }: TestApp): LoginLimiter =>
      new LoginLimiter(services.database, clock, {
        freeAttempts: 5,
        freeAttemptsPerAddress: 5,
        freeAttemptsPerSite: 100,
        firstWait: 1,
        maxWait: 60,
        memory: 60,
        queue: 0,
      });

    it('does not count an attempt without a verdict', async () => {
      const limiter = limiterOf(app);
      const failing = (): Promise<never> => Promise.reject(new Error('no verdict'));
      for (let count = 0; count < 10; count += 1)
        expect(await limiter.attempt(origin, failing).catch((error: unknown) => error)).to.be.an(
          'error',
          'no verdict',
        );
      await guessUntilWaiting('ada', '192.0.2.1');
    });

    it('counts an IPv6 /64 as one address', async () => {
      for (let count = 1; count <= 6; count += 1)
        await guess(`user ${count}`, `2001:db8:0:1::${count}`).expect(401);
      await expectWait(guess('ada', '2001:db8:0:1:ffff:ffff:ffff:ffff'), 1);
      await guess('ada', '2001:db8:0:2::1').expect(401);
    });

    it('recognizes a user whose device has changed its address in the same IPv6 /64', async () => {
      await login('ada', '2001:db8:0:3::1').expect(200);
      await guessUntilWaiting('ada', '192.0.2.9');
      await login('ada', '2001:db8:0:3::2').expect(200);
      await login('ada', '2001:db8:0:4::2').expect(429);
    });

    it('counts an IPv4 address and its IPv6 form as one address', async () => {
      for (let count = 1; count <= 6; count += 1)
        await guess(`user ${count}`, '::ffff:192.0.2.1').expect(401);
      await expectWait(guess('ada', '192.0.2.1'), 1);
    });

    describe('for a user who has logged in from an address before', () => {
      beforeEach(() => login('ada', '192.0.2.1').expect(200));

      it('does not delay the user because of failures from other addresses', async () => {
        await guessUntilWaiting('ada', '198.51.100.1');
        await login('ada', '192.0.2.1').expect(200);
        await expectWait(login('ada', '192.0.2.2'), 1);
      });

      it("does not delay that user there because of another's guesses from there", async () => {
        for (let count = 1; count <= 6; count += 1) await guess(`user ${count}`, '192.0.2.1').expect(401);
        await expectWait(login('bea', '192.0.2.1'), 1);
        await login('ada', '192.0.2.1').expect(200);
      });

      it('counts guesses from there separately', async () => {
        await guessUntilWaiting('ada', '192.0.2.1');
        await expectWait(login('ada', '192.0.2.1'), 1);
        await login('ada', '192.0.2.2').expect(200);
        await login('bea', '192.0.2.1').expect(200);
      });
    });

    it('ends for an account when a user logs in to it', async () => {
      for (let count = 1; count <= 5; count += 1) await guess('ada', `192.0.2.${count}`).expect(401);
      await login('ada', '192.0.2.6').expect(200);
      for (let count = 11; count <= 16; count += 1) await guess('ada', `192.0.2.${count}`).expect(401);
    });

    it("ends when the login's transaction is committed, and not before", async () => {
      const { database: opened } = app.services;
      for (let count = 1; count <= 5; count += 1) await guess('ada', `192.0.2.${count}`).expect(401);
      const login = limiterOf(app).attempt<never>(origin, (attempt) =>
        opened.transaction(async (transaction) => {
          for (const query of attempt.forgive(transaction)) await transaction.executeQuery(query.compile());
          throw new Error('no session');
        }),
      );
      expect(await login.catch((error: unknown) => error)).to.be.an('error', 'no session');
      await guess('ada', '192.0.2.6').expect(401);
      await expectWait(guess('ada', '192.0.2.7'), 1);
    });

    it('does not end for an address with a login from it: attackers have accounts, too', async () => {
      for (let count = 1; count <= 6; count += 1) await guess(`user ${count}`, '192.0.2.1').expect(401);
      app.clock.advance(1);
      await login('cyd', '192.0.2.1').expect(200);
      await guess('user 7', '192.0.2.1').expect(401);
      await expectWait(guess('user 8', '192.0.2.1'), 2);
    });

    it('does not count successes: any number of users may log in from one address', async () => {
      for (let count = 0; count < 3; count += 1) {
        await app.services.database.queries.deleteFrom('sessions').execute();
        for (const name of ['ada', 'bea', 'cyd']) await login(name, '192.0.2.1').expect(200);
      }
    });

    it('counts concurrent attempts exactly', async () => {
      const guesses = await Promise.all(
        Array.from({ length: 20 }, (_, index) => guess('ada', `192.0.2.${index}`)),
      );
      expect(guesses.filter(({ status }) => status === 401)).to.have.length(6);
      expect(guesses.filter(({ status }) => status === 429)).to.have.length(14);
      await expectWait(guess('ada', '192.0.2.99'), 1);
    });

    it('refuses no attempt because of successful ones', async () => {
      for (let count = 1; count <= 5; count += 1) await guess(`user ${count}`, '192.0.2.1').expect(401);
      const names = ['ada', 'bea', 'cyd', 'ada', 'bea', 'cyd'];
      await Promise.all(names.map((name) => login(name, '192.0.2.1').expect(200)));
    });

    it('forgets failures a day after the last one', async () => {
      await guessUntilWaiting('ada', '192.0.2.1');
      app.clock.advance(86_399);
      await guess('ada', '192.0.2.1').expect(401);
      await expectWait(guess('ada', '192.0.2.1'), 2);
      app.clock.advance(86_400);
      await guessUntilWaiting('ada', '192.0.2.1');
    });

    it('leaves no rows after they are forgotten', async () => {
      await guess('ada', '192.0.2.1').expect(401);
      app.clock.advance(86_400);
      await app.services.cleanUp();
      const rows = await app.services.database.queries.selectFrom('login_attempts').selectAll().execute();
      expect(rows).to.be.empty;
    });

    it('stores neither the given name, which may be a password, nor an address', async () => {
      await guess('typed into the wrong field', '192.0.2.123').expect(401);
      const rows = await app.services.database.queries.selectFrom('login_attempts').selectAll().execute();
      expect(rows).to.have.length(2);
      expect(JSON.stringify(rows)).not.to.match(/typed|192\.0\.2/);
    });

    it('is logged with the request’s id and the user when it refuses', async () => {
      await guessUntilWaiting('ada', '192.0.2.1');
      const refused = await login('ada', '192.0.2.1').expect(429);
      const logged = app.logged.filter(({ requestId }) => requestId === refused.get('X-Request-Id'));
      expect(logged).to.have.length(1);
      expect(logged[0]).to.include({ event: 'denied', reason: 'rate_limited', address: '192.0.2.1' });
      expect(logged[0]?.['userId']).to.be.a('string');
      expect(JSON.stringify(logged)).not.to.include(password);
    });

    describe('after a restart', () => {
      let inMemory: TestApp;
      before(async () => {
        inMemory = app;
        app = await TestApp.start({ database, settings });
      });
      after(async () => {
        await app.close();
        app = inMemory;
      });

      it('keeps its counts', async () => {
        await guessUntilWaiting('ada', '192.0.2.1');
        app.clock.advance(1);
        await guess('ada', '192.0.2.1').expect(401);
        app = await app.restart();
        await expectWait(guess('ada', '192.0.2.2'), 2);
        await expectWait(guess('nobody', '192.0.2.1'), 2);
      });

      it('uses the configured numbers', async () => {
        app = await app.restart({
          LATCHKEY_LOGIN_FREE_ATTEMPTS: '1',
          LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS: '3',
          LATCHKEY_LOGIN_FIRST_WAIT: '3s',
          LATCHKEY_LOGIN_LONGEST_WAIT: '5s',
          LATCHKEY_LOGIN_MEMORY: '1h',
        });
        await guess('ada', '192.0.2.1').expect(401);
        await guess('ada', '192.0.2.2').expect(401);
        await expectWait(guess('ada', '192.0.2.1'), 3);
        app.clock.advance(3);
        await guess('ada', '192.0.2.1').expect(401);
        await expectWait(guess('ada', '192.0.2.1'), 5);
        await guess('user 1', '192.0.2.1').expect(401);
        await guess('user 2', '192.0.2.1').expect(401);
        await expectWait(guess('user 3', '192.0.2.1'), 3);
        app.clock.advance(3600);
        await guess('ada', '192.0.2.1').expect(401);
        await guess('ada', '192.0.2.1').expect(401);
      });

      it('delays from the first failure on if none is free', async () => {
        app = await app.restart({ LATCHKEY_LOGIN_FREE_ATTEMPTS: '0' });
        await guess('bea', '192.0.2.9').expect(401);
        await expectWait(guess('bea', '192.0.2.9'), 3);
      });
    });
  });
}
