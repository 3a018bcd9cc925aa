import { expect } from 'chai';
import { guard, Refusal, type Guard } from '../../src/guard/guard.js';
import { tokenVectors } from '../support/vectors.js';

const { now, issuer } = tokenVectors;

/** A guard with these keys, which accepts tokens without a feed. */
function guardWith(keys: readonly object[], warnings: string[] = []): Guard {
  return guard({
    issuer,
    audience: issuer,
    client: { id: 'a', secret: 'b' },
    jwksUri: 'http://latchkey.test/keys',
    whenStale: 'accept',
    clock: { now: () => now * 1000, monotonic: () => 10_000 },
    warn: (message) => warnings.push(message),
    fetch: (url: string | URL | Request) =>
      (url instanceof Request ? url.url : url.toString()).endsWith('/keys')
        ? Promise.resolve(Response.json({ keys }))
        : Promise.reject(new TypeError('There is no service.')),
  });
}

async function codeOf(latchkey: Guard, token: string): Promise<string> {
  try {
    await latchkey.check(`Bearer ${token}`);
    return 'accepted';
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

describe('With the token vectors that the service passes, too, the guard', () => {
  let latchkey: Guard;
  before(() => (latchkey = guardWith(tokenVectors.keys)));
  after(() => latchkey.close());

  for (const { name, token } of tokenVectors.accepted) {
    it(`accepts ${name}`, async () => {
      expect(await codeOf(latchkey, token)).to.equal('accepted');
    });
  }

  it('refuses each accepted token in another encoding', async () => {
    for (const { name, token } of tokenVectors.refused) {
      expect(await codeOf(latchkey, token), name).to.equal('invalid_token');
    }
  });
});

describe('A published key that must not be used', () => {
  for (const { name, jwk, token } of tokenVectors.badKeys) {
    it(`is not used by the guard: ${name}`, async () => {
      const warnings: string[] = [];
      const [good] = tokenVectors.keys;
      const latchkey = guardWith([jwk, good ?? {}], warnings);
      expect(await codeOf(latchkey, token)).to.equal('invalid_token');
      expect(await codeOf(latchkey, tokenVectors.accepted[0]?.token ?? '')).to.equal('accepted');
      // A guard knows no symmetric algorithms.
      const told = warnings.filter((warning) => warning.includes(jwk.kid));
      expect(told).to.have.length(jwk.kty === 'oct' ? 0 : 1);
      await latchkey.close();
    });
  }

  it('is not used by the guard if another one has its kid', async () => {
    const warnings: string[] = [];
    const [one, other] = tokenVectors.keys;
    const latchkey = guardWith([one ?? {}, { ...other, kid: one?.kid }], warnings);
    expect(await codeOf(latchkey, tokenVectors.accepted[0]?.token ?? '')).to.equal('invalid_token');
    expect(warnings.filter((warning) => warning.includes('has the "kid" of another one'))).to.have.length(2);
    await latchkey.close();
  });
});
