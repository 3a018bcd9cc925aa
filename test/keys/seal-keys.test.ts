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
});
