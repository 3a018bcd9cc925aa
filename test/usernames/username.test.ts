import { expect } from 'chai';
import fc from 'fast-check';
import { toUsernameKey } from '../../src/usernames/username.js';

describe('The key of a username', () => {
  for (const [one, other] of [
    ['Ada', 'aDA'],
    ['Ada', 'Ａｄａ'],
    ['Kay', '\u212aay'],
    ['Ångström', 'A\u030angstro\u0308m'],
    ['file', 'ﬁle'],
    ['J\u030c', '\u01f0'],
    ['x²', 'X2'],
  ] as const) {
    it(`is the same for ${one} and ${other}`, () => {
      expect(toUsernameKey(one)).to.equal(toUsernameKey(other));
    });
  }

  for (const [one, other] of [
    ['Ada', 'Ada '],
    ['Ada', 'Ädä'],
    ['o', '0'],
  ] as const) {
    it(`differs for "${one}" and "${other}"`, () => {
      expect(toUsernameKey(one)).not.to.equal(toUsernameKey(other));
    });
  }

  it('is the same for a name, its own key, and its other Unicode forms', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        for (const same of [toUsernameKey(name), name.normalize('NFC'), name.normalize('NFKD')]) {
          expect(toUsernameKey(same)).to.equal(toUsernameKey(name));
        }
      }),
    );
  });
});
