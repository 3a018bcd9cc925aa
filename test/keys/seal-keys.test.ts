import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { expect } from 'chai';
import type { Database } from '../../src/database/database.js';
import { algorithms, isSymmetric } from '../../src/keys/algorithms.js';
import { KeySealing } from '../../src/keys/key-sealing.js';
import { createSealKeys } from '../../src/keys/seal-keys.js';
import { TestClock } from '../support/clock.js';
import { createDatabase } from '../support/databases.js';
import { completeKeyRing } from '../support/key-rings.js';

describe('The keys of the audit’s seals', () => {
  const clock = new TestClock();
  const sealing = new KeySealing('a secret of the tests, long enough');
  const secrets = ['a shared secret of sixty-four characters or more, which HS512 needs!'];
  let database: Database;
  beforeEach(async () => {
    database = await createDatabase('sqlite');
    await database.migrate();
  });
  afterEach(() => database.close());

  for (const algorithm of algorithms) {
    it(`sign and verify with ${algorithm}, on the ring and after they have left it`, async () => {
      const options = { algorithm, ...(isSymmetric(algorithm) && { secrets }) };
      const keys = createSealKeys(await completeKeyRing(database, sealing, clock, options));
      const signature = keys.sign('a statement');
      expect(signature.algorithm).to.equal(algorithm);
      expect(signature.public_key ?? '').not.to.match(/"d"|"k"/);
      expect(keys.verify('a statement', signature)).to.equal('valid');
      expect(keys.verify('another statement', signature)).to.equal('forged');
      expect(keys.verify('a statement', { ...signature, signature: 'AAAA' })).to.equal('forged');
      await database.queries.deleteFrom('keys').execute();
      const later = createSealKeys(await completeKeyRing(database, sealing, clock));
      expect(later.verify('a statement', signature)).to.equal(
        isSymmetric(algorithm) ? 'unknown_key' : 'retired',
      );
      if (isSymmetric(algorithm)) return;
      expect(later.verify('another statement', signature)).to.equal('forged');
      // A public key that is not the one of the key id, is no key, or is of another kind.
      for (const changed of [
        { key_id: 'another' },
        { public_key: '{}' },
        { public_key: 'x' },
        { algorithm: 'none' },
      ])
        expect(later.verify('a statement', { ...signature, ...changed })).to.equal('forged');
    });
  }

  it('are none of the keys that must not be used, such as RSA with the public exponent 3', async () => {
    const keys = createSealKeys(await completeKeyRing(database, sealing, clock));
    const verdictOn = (publicExponent: number): string => {
      const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent });
      const { e, kty, n } = publicKey.export({ format: 'jwk' });
      const jwk = JSON.stringify({ e, kty, n });
      return keys.verify('a statement', {
        key_id: createHash('sha256').update(jwk).digest('base64url'),
        algorithm: 'RS256',
        public_key: jwk,
        signature: sign('sha256', Buffer.from('a statement'), privateKey).toString('base64url'),
      });
    };
    expect(verdictOn(65_537)).to.equal('retired');
    expect(verdictOn(3)).to.equal('forged');
  });
});
