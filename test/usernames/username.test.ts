import { expect } from 'chai';
import fc from 'fast-check';
import { usernameKey } from '../../src/usernames/username.js';

describe('What is compared of a username', () => {
  for (const [one, other] of [
    ['Ada', 'aDA'],
    ['Ada', 'Ａｄａ'],
    ['Kay', '\u212aay'],
    ['Ångström', 'A\u030angstro\u0308m'],
    ['file', 'ﬁle'],
    ['J\u030c', '\u01f0'],
    ['x²', 'X2'],
  ] as const) {
    it(`is the same of ${one} and ${other}`, () => {
      expect(usernameKey(one)).to.equal(usernameKey(other));
    });
  }

  for (const [one, other] of [
    ['Ada', 'Ada '],
    ['Ada', 'Ädä'],
    ['o', '0'],
  ] as const) {
    it(`is not the same of "${one}" and "${other}"`, () => {
      expect(usernameKey(one)).not.to.equal(usernameKey(other));
    });
  }

  it('is the same of a name, of what is compared of it, and of its other spellings in Unicode', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        for (const same of [usernameKey(name), name.normalize('NFC'), name.normalize('NFKD')]) {
          expect(usernameKey(same)).to.equal(usernameKey(name));
        }
      }),
    );
  });
});
