import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { computeRest } from '../../src/passwords/foreign-computations.js';
import { parseForeignHash } from '../../src/passwords/foreign-hash.js';
import { checkout } from '../support/checkout.js';
import { catchRejection } from '../support/rejections.js';
import { computations, foreignComputations, Passwords } from '../../src/passwords/passwords.js';
import { readForeignHash, toExportedHash, toStoredHash } from '../../src/passwords/stored-hash.js';

interface Vector {
  readonly made_by: string;
  readonly password: string;
  readonly hash: string;
}

/** Written by the libraries that they name. */
const vectors = JSON.parse(
  readFileSync(join(checkout, 'test/passwords/foreign-hashes.json'), 'utf8'),
) as readonly Vector[];

function parsed(hash: string) {
  const result = parseForeignHash(hash);
  if ('error' in result) return expect.fail(result.error);
  return result;
}

function errorOf(hash: string): string {
  const result = parseForeignHash(hash);
  return 'error' in result ? result.error : expect.fail(`${hash} was taken.`);
}

const costs = { memoryCost: 8, timeCost: 1, parallelism: 1, queue: 100 };

describe('A password hash of another application', () => {
  for (const { made_by: madeBy, password, hash } of vectors) {
    it(`by ${madeBy}, ${hash.slice(0, 24)}…, matches its password alone, at login, too`, async () => {
      const own = parsed(hash);
      expect(await own.verify(password)).to.be.true;
      for (const other of ['', `${password.slice(0, 20)}?`, password.toUpperCase()]) {
        expect(await own.verify(other), other).to.be.false;
      }
      const passwords = new Passwords(costs);
      const result = toStoredHash(hash);
      const stored = 'error' in result ? expect.fail(result.error) : result.stored;
      expect(await passwords.verify(stored, password)).to.be.true;
      expect(await passwords.verify(stored, 'another password')).to.be.false;
      expect((await passwords.check(stored, 'another password')).matches).to.be.false;
      const { matches, newHash } = await passwords.check(stored, password);
      expect(matches).to.be.true;
      expect(newHash).to.match(/^\$argon2id\$v=19\$m=8,t=1,p=1\$/);
      expect(await passwords.check(newHash, password)).to.deep.equal({ matches: true, newHash });
      expect(toStoredHash(toExportedHash(stored))).to.deep.include({ stored });
    });
  }

  it('of bcrypt matches by 72 bytes, as it did there', async () => {
    const { hash, password } = vectors.find((each) => each.password === 'y'.repeat(100)) ?? expect.fail();
    expect(await parsed(hash).verify(password.slice(0, 72))).to.be.true;
    expect(await parsed(hash).verify(password.slice(0, 71))).to.be.false;
  });

  it('of bcrypt matches whatever the bits are that its characters have beside the salt and the hash', async () => {
    const { hash, password } = vectors.find(({ hash: each }) => each.startsWith('$2b$04$')) ?? expect.fail();
    const alphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
    const next = (character: string): string => alphabet.charAt(alphabet.indexOf(character) + 1);
    const padded = `${hash.slice(0, 28)}${next(hash.charAt(28))}${hash.slice(29, 59)}${next(hash.charAt(59))}`;
    expect(await parsed(padded).verify(password)).to.be.true;
    expect(await parsed(padded).verify('another password')).to.be.false;
  });

  // https://github.com/firebase/scrypt, "Usage".
  const signer = 'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==';
  const firebase = `$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=${signer}$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==`;

  it('of Firebase matches, with its signer key', async () => {
    expect(await parsed(firebase).verify('user1password')).to.be.true;
    expect(await parsed(firebase).verify('user2password')).to.be.false;
    expect(errorOf(firebase.replace(signer, 'AAAA'))).to.match(/signer key/);
  });

  // Written with better-auth's own parameters: scrypt, N=16384, r=16, p=1, over the salt's text.
  it('of better-auth matches, whichever way its characters are composed', async () => {
    const { scryptSync } = await import('node:crypto');
    const salt = '000102030405060708090a0b0c0d0e0f';
    const key = scryptSync('crème brûlée'.normalize('NFKC'), salt, 64, {
      N: 16384,
      r: 16,
      p: 1,
      maxmem: 2 ** 26,
    });
    const result = toStoredHash(`${salt}:${key.toString('hex')}`);
    const stored = 'error' in result ? expect.fail(result.error) : result.stored;
    const passwords = new Passwords(costs);
    for (const typed of ['crème brûlée', 'cre\u0300me bru\u0302le\u0301e']) {
      expect((await passwords.check(stored, typed)).matches).to.be.true;
    }
  });

  for (const [hash, error] of [
    ['', /not known/],
    ['$argon2i$v=19$m=08,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA', /not known/],
    ['{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', /computed in no time.*new password/],
    ['5f4dcc3b5aa765d61d8327deb882cf99', /computed in no time/],
    ['!unusable', /not known\. Known are: .*Werkzeug/],
    ['$2x$04$nJdXRUAxfpnVWeBhPHzKYufg93L57dVImgJlX/UyDWJfRe5rLRbUG', /\$2x\$/],
    ['$2b$15$nJdXRUAxfpnVWeBhPHzKYufg93L57dVImgJlX/UyDWJfRe5rLRbUG', /cost 15, and may have 4 to 14/],
    ['$2b$03$nJdXRUAxfpnVWeBhPHzKYufg93L57dVImgJlX/UyDWJfRe5rLRbUG', /cost 3/],
    ['scrypt:1048576:8:1$salt$00112233445566778899aabbccddeeff', /1024 MiB/],
    ['scrypt:65536:8:16$salt$00112233445566778899aabbccddeeff', /the most/],
    ['scrypt:1000:8:1$salt$00112233445566778899aabbccddeeff', /cannot have/],
    ['scrypt:1024:8:1$salt$0011', /hash of 2 bytes/],
    ['pbkdf2:sha256:99999999$salt$00112233445566778899aabbccddeeff', /99999999 iterations/],
    ['pbkdf2:sha256:0$salt$00112233445566778899aabbccddeeff', /no iterations/],
    [`pbkdf2:sha1:1000000$salt$${'00'.repeat(200)}`, /10000000 iterations/],
    ['pbkdf2:md5:1000$salt$00112233445566778899aabbccddeeff', /not known/],
    [
      '$argon2id$v=19$m=1048576,t=1,p=1$c2FsdHNhbHRzYWx0MDAwMQ$Tz77nYDSuEWQID1WM6Q1fFqbwZPu8qalaa/6zvWdytQ',
      /131072 KiB/,
    ],
    [
      '$argon2id$v=19$m=65536,t=100,p=1$c2FsdHNhbHRzYWx0MDAwMQ$Tz77nYDSuEWQID1WM6Q1fFqbwZPu8qalaa/6zvWdytQ',
      /passes/,
    ],
    [
      '$argon2i$v=19$m=4,t=1,p=1$c2FsdHNhbHRzYWx0MDAwMQ$Tz77nYDSuEWQID1WM6Q1fFqbwZPu8qalaa/6zvWdytQ',
      /cannot have/,
    ],
    [
      '$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0MDAwMR$Tz77nYDSuEWQID1WM6Q1fFqbwZPu8qalaa/6zvWdytQ',
      /no encoder of base64 writes/,
    ],
    ['imported-hash/1/bcrypt/0000000004/x', /not known/],
    ['x'.repeat(2000), /1500 characters/],
  ] as const) {
    it(`is refused with a message: ${hash.slice(0, 40)}`, () => {
      expect(errorOf(hash)).to.match(error);
    });
  }

  it('that is stored and damaged matches nothing', async () => {
    const passwords = new Passwords(costs);
    for (const stored of ['imported-hash/1/bcrypt/0000000004/x', 'imported-hash/1/', '']) {
      expect((await passwords.check(stored, 'x')).matches).to.be.false;
      expect(readForeignHash(stored)).to.be.undefined;
    }
  });
});

describe('The check of a password, where users have hashes of other applications', () => {
  const families = new Map([
    ['pbkdf2-sha256', 3000],
    ['bcrypt', 6],
    ['scrypt:1024:8:1', 1],
    ['argon2i:m=64,t=1,p=1', 1],
  ]);
  const hashes = [
    undefined,
    '',
    ...vectors
      .map(({ hash }) => toStoredHash(hash))
      .map((result) => ('error' in result ? expect.fail(result.error) : result))
      .filter(({ family }) => families.has(family))
      .map(({ stored }) => stored),
  ];

  /** Family → the sum of what was computed; bcrypt's costs are binary logarithms. */
  async function workOf(passwords: Passwords, hash: string | undefined, password: string) {
    const work = new Map<string, number>();
    const note = (message: unknown): void => {
      const { family, amount, done } = message as { family: string; amount: number; done?: number };
      const units =
        family !== 'bcrypt'
          ? amount
          : done === undefined
            ? 2 ** amount
            : done === 0
              ? 2 ** amount
              : 2 ** (done + amount) - 2 ** done;
      work.set(family, (work.get(family) ?? 0) + units);
    };
    const noteOwn = (own: unknown): unknown => work.set(String(own), (work.get(String(own)) ?? 0) + 1);
    foreignComputations.subscribe(note);
    computations.subscribe(noteOwn);
    try {
      await passwords.check(hash, password);
    } finally {
      foreignComputations.unsubscribe(note);
      computations.unsubscribe(noteOwn);
    }
    return Object.fromEntries(work);
  }

  it('makes the same computations for every user, whichever hash there is, and whether or not it matches', async () => {
    const passwords = new Passwords(costs);
    passwords.setForeignInUse(families);
    const own = await passwords.hash('correct horse battery');
    const expected = {
      'pbkdf2-sha256': 3000,
      bcrypt: 64,
      'scrypt:1024:8:1': 1,
      'argon2i:m=64,t=1,p=1': 1,
      'm=8,t=1,p=1': 1,
    };
    expect(hashes).to.have.length.at.least(10);
    for (const hash of [...hashes, own]) {
      for (const password of ['correct horse battery', 'a wrong password']) {
        expect(await workOf(passwords, hash, password), `${hash}`).to.deep.equal(expected);
      }
    }
  });

  it('makes the computations of a kind for a user without such a hash, and refuses unknown kinds', async () => {
    for (const { hash } of vectors) {
      const { family, amount } = parsed(hash);
      await computeRest(family, amount, 0);
    }
    expect(await catchRejection(computeRest('md5', 1, 0))).to.match(/nothing to compute for md5/);
  });

  it('includes a hash that another process imported, from its first login on', async () => {
    const passwords = new Passwords(costs);
    expect(await workOf(passwords, undefined, 'x')).to.deep.equal({ 'm=8,t=1,p=1': 1 });
    await passwords.check(hashes[3], 'x');
    expect(passwords.costsInUse).to.equal(2);
    expect(Object.keys(await workOf(passwords, undefined, 'x'))).to.have.length(2);
    passwords.setForeignInUse(new Map());
    expect(await workOf(passwords, undefined, 'x')).to.deep.equal({ 'm=8,t=1,p=1': 1 });
  });
});
