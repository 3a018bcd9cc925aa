import { expect } from 'chai';
import fc from 'fast-check';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { KeySealing } from '../../src/keys/key-sealing.js';
import { createRefreshToken, parseRefreshToken } from '../../src/tokens/refresh-token.js';
import { TestClock } from '../support/clock.js';
import { createDatabase } from '../support/databases.js';
import { completeKeyRing } from '../support/key-rings.js';

async function newKeyRing(): Promise<KeyRing> {
  const database = await createDatabase('sqlite');
  await database.migrate();
  const ring = await completeKeyRing(database, new KeySealing('a secret'), new TestClock());
  await database.close();
  return ring;
}

describe('A refresh token', () => {
  const contents = fc.record({ sessionId: fc.uuid(), generation: fc.nat(2 ** 32 - 1) });
  let ring: KeyRing;
  before(async () => {
    ring = await newKeyRing();
  });

  it('has the session and the generation that it was made for', () => {
    fc.assert(
      fc.property(contents, (made) => {
        expect(parseRefreshToken(ring, createRefreshToken(ring.refreshKey, made))).to.deep.equal(made);
      }),
    );
  });

  it('is deterministic, so that it can be returned again without being stored', () => {
    fc.assert(
      fc.property(contents, (made) => {
        expect(createRefreshToken(ring.refreshKey, made)).to.equal(createRefreshToken(ring.refreshKey, made));
      }),
    );
  });

  it('has a prefix by which scanners recognize a leaked one, and characters that need no escaping', () => {
    fc.assert(
      fc.property(contents, (made) => {
        expect(createRefreshToken(ring.refreshKey, made)).to.match(/^lk_rt_[A-Za-z0-9_-]{87}$/);
      }),
    );
  });

  it('is not valid with any character changed', () => {
    fc.assert(
      fc.property(contents, fc.nat(92), fc.string({ minLength: 1, maxLength: 1 }), (made, at, character) => {
        const token = createRefreshToken(ring.refreshKey, made);
        fc.pre(token[at] !== character);
        expect(parseRefreshToken(ring, token.slice(0, at) + character + token.slice(at + 1))).to.be.undefined;
      }),
      { numRuns: 1000 },
    );
  });

  it('is not valid with anything added or removed', () => {
    fc.assert(
      fc.property(contents, fc.string({ minLength: 1 }), fc.nat(92), (made, more, at) => {
        const token = createRefreshToken(ring.refreshKey, made);
        for (const other of [token + more, more + token, token.slice(0, at), token.slice(at + 1)])
          expect(parseRefreshToken(ring, other)).to.be.undefined;
      }),
    );
  });

  it('is not valid with other keys', async () => {
    const other = await newKeyRing();
    fc.assert(
      fc.property(contents, (made) => {
        expect(parseRefreshToken(other, createRefreshToken(ring.refreshKey, made))).to.be.undefined;
      }),
    );
  });

  it('is not valid with the right key id and another key’s signature', async () => {
    const { secret } = (await newKeyRing()).refreshKey;
    fc.assert(
      fc.property(contents, (made) => {
        const forged = createRefreshToken({ id: ring.refreshKey.id, secret }, made);
        expect(parseRefreshToken(ring, forged)).to.be.undefined;
      }),
    );
  });
});
