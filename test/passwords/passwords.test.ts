import { availableParallelism } from 'node:os';
import { hash } from '@node-rs/argon2';
import { expect } from 'chai';
import { Problem } from '../../src/problems/problem.js';
import { computations, Passwords } from '../../src/passwords/passwords.js';
import { occupyCores } from '../support/occupied-cores.js';
import { adminPassword, TestApp } from '../support/test-app.js';

const costs = { memoryCost: 8, timeCost: 1, parallelism: 1 };

describe('Passwords', () => {
  const passwords = new Passwords({ ...costs, queue: 100 });

  it('are hashed with argon2id, with the set costs and a salt each', async () => {
    const [one, two] = [await passwords.hash('a password'), await passwords.hash('a password')];
    expect(one).to.match(/^\$argon2id\$v=19\$m=8,t=1,p=1\$/);
    expect(one).not.to.equal(two);
  });

  it('match their own hash alone', async () => {
    const hash = await passwords.hash('a password');
    expect(await passwords.check(hash, 'a password')).to.deep.equal({ matches: true, newHash: hash });
    expect(await passwords.verify(hash, 'a password')).to.be.true;
    expect(await passwords.verify(hash, 'another password')).to.be.false;
    for (const other of ['A password', 'a password ', 'a passwor', '']) {
      expect((await passwords.check(hash, other)).matches, other).to.be.false;
    }
  });

  it('are compared to their last character and byte', async () => {
    const long = '🐴'.repeat(1024);
    const hash = await passwords.hash(long);
    expect((await passwords.check(hash, long)).matches).to.be.true;
    expect((await passwords.check(hash, `${long.slice(0, -2)}🐵`)).matches).to.be.false;
    expect((await passwords.check(await passwords.hash('before\0after!'), 'before\0other!')).matches).to.be
      .false;
  });

  it('match whether their accents are composed or not', async () => {
    for (const [given, typed] of [
      ['cre\u0300me bru\u0302le\u0301e', 'crème brûlée'],
      ['crème brûlée', 'cre\u0300me bru\u0302le\u0301e'],
    ] as const) {
      expect((await passwords.check(await passwords.hash(given), typed)).matches).to.be.true;
    }
  });

  it('match with any space character (RFC 8265 §4.2)', async () => {
    const typed = 'correct\u00a0horse\u3000battery';
    const ofTyped = await passwords.hash(typed);
    for (const spaces of ['correct horse battery', typed])
      expect(await passwords.check(ofTyped, spaces)).to.deep.equal({ matches: true, newHash: ofTyped });
    const ofSpaces = await passwords.hash('correct horse battery');
    expect(await passwords.check(ofSpaces, typed)).to.deep.equal({ matches: true, newHash: ofSpaces });
  });

  it('match a hash from before RFC 8265, and are rehashed', async () => {
    const typed = 'correct\u00a0horse\u00a0battery';
    const earlier = await hash(typed, costs);
    const { matches, newHash } = await passwords.check(earlier, typed);
    expect(matches).to.be.true;
    expect(newHash).not.to.equal(earlier);
    expect(await passwords.verify(earlier, typed)).to.be.true;
    for (const spaces of ['correct horse battery', typed])
      expect(await passwords.check(newHash, spaces)).to.deep.equal({ matches: true, newHash });
    expect((await passwords.check(earlier, 'correct horse battery')).matches).to.be.false;
    expect((await passwords.check(undefined, typed)).matches).to.be.false;
    const stronger = new Passwords({ ...costs, timeCost: 2, queue: 100 });
    const current = (await stronger.check(earlier, typed)).newHash;
    expect(await stronger.check(current, typed)).to.deep.equal({ matches: true, newHash: current });
    expect((await stronger.check(current, 'correct horse battery')).matches).to.be.true;
  });

  it('are checked against a dummy hash if there is no user', async () => {
    const computed: unknown[] = [];
    const note = (message: unknown): void => void computed.push(message);
    computations.subscribe(note);
    for (const guess of ['a password', 'nobody has this password']) {
      expect((await passwords.check(undefined, guess)).matches).to.be.false;
    }
    computations.unsubscribe(note);
    expect(computed).to.deep.equal(['m=8,t=1,p=1', 'm=8,t=1,p=1']);
  });

  for (const changed of [{ memoryCost: 16 }, { timeCost: 2 }, { parallelism: 2, memoryCost: 16 }]) {
    it(`get a new hash when the costs change to ${JSON.stringify(changed)}`, async () => {
      const hash = await passwords.hash('a password');
      const stronger = new Passwords({ ...costs, ...changed, queue: 100 });
      const { matches, newHash } = await stronger.check(hash, 'a password');
      expect(matches).to.be.true;
      expect(newHash).not.to.equal(hash);
      expect(await stronger.check(newHash, 'a password')).to.deep.equal({ matches: true, newHash });
      expect((await stronger.check(hash, 'a wrong password')).matches).to.be.false;
    });
  }

  describe('whose costs have changed', () => {
    const before = [
      { memoryCost: 8, timeCost: 1, parallelism: 1 },
      { memoryCost: 64, timeCost: 3, parallelism: 1 },
      { memoryCost: 32, timeCost: 2, parallelism: 2 },
    ];
    const now = { memoryCost: 16, timeCost: 2, parallelism: 1 };

    it('are checked with the same computations for every user, whether or not they match', async () => {
      const changed = new Passwords({ ...now, queue: 100 });
      const old = await Promise.all(
        before.map((each) => new Passwords({ ...each, queue: 100 }).hash('a password')),
      );
      const hashes = [undefined, await changed.hash('a password'), ...old];
      changed.setCostsInUse(['m=8,t=1,p=1', 'm=64,t=3,p=1', 'm=32,t=2,p=2']);
      expect(changed.costsInUse).to.equal(4);
      for (const hash of hashes) {
        for (const given of ['a password', 'a wrong password']) {
          const computed: unknown[] = [];
          const note = (costs: unknown): unknown => computed.push(costs);
          computations.subscribe(note);
          const { matches } = await changed.check(hash, given);
          computations.unsubscribe(note);
          expect(matches).to.equal(hash !== undefined && given === 'a password');
          expect(computed).to.deep.equal(['m=16,t=2,p=1', 'm=32,t=2,p=2', 'm=64,t=3,p=1', 'm=8,t=1,p=1']);
        }
      }
      // A text with other spaces is compared in two forms, and hashed again, for every user.
      for (const hash of hashes) {
        const computed: unknown[] = [];
        const note = (costs: unknown): unknown => computed.push(costs);
        computations.subscribe(note);
        await changed.check(hash, 'a\u00a0password');
        computations.unsubscribe(note);
        expect(computed.toSorted()).to.deep.equal(
          ['m=16,t=2,p=1', 'm=32,t=2,p=2', 'm=64,t=3,p=1', 'm=8,t=1,p=1']
            .flatMap((each) => [each, each])
            .concat('m=16,t=2,p=1')
            .toSorted(),
        );
      }
      changed.setCostsInUse([]);
      expect(changed.costsInUse).to.equal(1);
    });

    it('include the costs of another replica from its first hash on', async () => {
      const changed = new Passwords({ ...now, queue: 100 });
      const foreign = await passwords.hash('a password');
      expect((await changed.check(foreign, 'a password')).matches).to.be.true;
      expect(changed.costsInUse).to.equal(2);
    });
  });

  it('wait for a core while as many are computed as there are cores', async () => {
    const before = passwords.load;
    const work = Array.from({ length: 3 * availableParallelism() }, () => passwords.hash('a password'));
    expect(passwords.load).to.deep.equal({
      active: availableParallelism(),
      waiting: 2 * availableParallelism(),
      refused: 0,
    });
    await Promise.all(work);
    expect(passwords.load).to.deep.equal(before);
  });

  it('that are compared with what is no hash reject, and others go on', async () => {
    const [wrong, right] = await Promise.allSettled([
      passwords.verify('no hash', 'a password'),
      passwords.hash('a password'),
    ]);
    expect(wrong.status).to.equal('rejected');
    expect(right.status).to.equal('fulfilled');
  });

  it('wait for a free core in a queue of the set length, and are refused beyond it', async () => {
    const queue = 3;
    const busy = new Passwords({ ...costs, queue });
    const tooMany = 4;
    const work = Array.from({ length: availableParallelism() + queue + tooMany }, () =>
      busy.hash('a password'),
    );
    const refused = (await Promise.allSettled(work)).filter((result) => result.status === 'rejected');
    expect(refused).to.have.length(tooMany);
    for (const { reason } of refused) {
      expect(reason).to.be.an.instanceof(Problem).and.include({ code: 'busy', status: 503 });
    }
    await busy.hash('a password');
  });
});

describe('Many concurrent logins', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start({
      settings: {
        LATCHKEY_PASSWORD_QUEUE: '1',
        // With many cores, more would be checked at once than may fail without a wait; so the queue is short, too.
        LATCHKEY_LOGIN_FREE_ATTEMPTS: '100',
        LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS: '100',
      },
    });
  });
  after(() => app.close());

  it('get their responses at once, with 503 if too many wait, and do not count as failed', async () => {
    const letGo = occupyCores(app.services.passwords, 1);
    try {
      const responses = await Promise.all(
        Array.from({ length: 10 }, () =>
          app.post('/login', { username: 'admin', password: adminPassword }).expect(503),
        ),
      );
      for (const { body, headers } of responses) {
        expect(body).to.include({ code: 'busy' });
        expect(headers['retry-after']).to.equal('2');
      }
    } finally {
      await letGo();
    }
    const failures = app.services.database.queries
      .selectFrom('login_attempts')
      .selectAll()
      .where('failures', '>', 0);
    expect(await failures.execute()).to.deep.equal([]);
    // As many as there is room for.
    await Promise.all(Array.from({ length: availableParallelism() + 1 }, () => app.login()));
  });
});

describe('A password over HTTP', () => {
  let app: TestApp;
  let admin: string;
  let made = 0;
  before(async () => {
    app = await TestApp.start();
    admin = (await app.login()).access_token;
  });
  after(() => app.close());

  for (const [what, password, typed] of [
    ['of 1024 emoji', '🐴'.repeat(1024), '🐴'.repeat(1024)],
    ['with accents apart, typed with accents in one', 'cre\u0300me bru\u0302le\u0301e', 'crème brûlée'],
    ['with accents in one, typed with accents apart', 'crème brûlée', 'cre\u0300me bru\u0302le\u0301e'],
    ['of eight characters in another script', 'пароль№8', 'пароль№8'],
  ] as const) {
    it(`${what} logs the user in`, async () => {
      const username = `user ${++made}`;
      await app.post('/users', { username, password }, admin).expect(201);
      await app.login(username, typed);
    });
  }

  for (const [what, password, reason] of [
    ['of seven emoji', '🐴'.repeat(7), 'must have 8 characters or more'],
    ['of 1025 emoji', '🐴'.repeat(1025), 'must have 1024 characters or fewer'],
    ['that is common', 'Sunshine', 'is among the most common passwords, which are tried first'],
    ['that is the username', 'MY USERNAME', 'must not be the username'],
  ] as const) {
    it(`${what} is refused with the reason`, async () => {
      const { body } = await app.post('/users', { username: 'my username', password }, admin).expect(422);
      expect(body.errors).to.deep.equal({ password: reason });
    });
  }

  it('that is too long to be set is refused at login as wrong', async () => {
    const { body } = await app.post('/login', { username: 'admin', password: 'x'.repeat(1025) }).expect(401);
    expect(body).to.include({ code: 'invalid_credentials' });
  });
});
