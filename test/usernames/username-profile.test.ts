import { expect } from 'chai';
import fc from 'fast-check';
import { mapWidth, validateProfile } from '../../src/usernames/username-profile.js';
import { toUsernameKey } from '../../src/usernames/username.js';

describe('RFC 8265’s UsernameCaseMapped profile', () => {
  // Includes the examples of RFC 8265 §3.6.
  const names = [
    'juliet@example.com',
    'fussball',
    'fu\u00dfball',
    '\u03c0',
    '\u03a3',
    '\u03c3',
    '\u03c2',
    'ada',
    'O’Neill'.replace('’', "'"),
    'ＡＤＡ',
    'ｶﾞ',
    'محمد',
    'דוד',
    'דוד7',
    'نام۴',
    'Zoë',
    'Zoe\u0308',
    '山田太郎',
    'サン・テグジュペリ',
    'l·l',
    'अदा',
    'Ada Lovelace',
    'Ada King Lovelace',
  ];
  for (const name of names) {
    it(`allows ${JSON.stringify(name)}`, () => {
      expect(validateProfile(name)).to.be.undefined;
    });
  }

  const refused: readonly (readonly [string, string])[] = [
    ['two spaces', 'foo  bar'],
    ['a space at an end', 'foo '],
    ['an ideographic space', 'foo\u3000bar'],
    ['a no-break space', 'foo\u00a0bar'],
    ['a tab', 'foo\tbar'],
    ['a C1 control character', 'foo\u0085bar'],
    ['a zero-width space', 'foo\u200bbar'],
    ['a zero-width joiner', 'foo\u200dbar'],
    ['a zero-width non-joiner', 'foo\u200cbar'],
    ['a byte order mark', '\ufefffoo'],
    ['a word joiner', 'foo\u2060bar'],
    ['a soft hyphen', 'foo\u00adbar'],
    ['a combining grapheme joiner', 'foo\u034fbar'],
    ['a Hangul filler', 'foo\u3164'],
    ['a variation selector', 'foo\ufe0f'],
    ['a tag character', 'foo\u{e0061}'],
    ['a right-to-left override', 'foo\u202ebar'],
    ['a right-to-left mark', 'foo\u200f'],
    ['an isolate', 'foo\u2066bar'],
    ['a line separator', 'foo\u2028bar'],
    ['a ligature', 'ﬁne'],
    ['a Roman numeral', 'henryⅣ'],
    ['a mathematical letter', '𝐚da'],
    ['a symbol', '♚'],
    ['an emoji', 'ada🙂'],
    ['a typographic quote', 'O’Neill'],
    ['an Arabic filler', 'مـحمد'],
    ['an old Hangul letter', '\u1100\u1161\u11c3'],
    ['a private character', 'a\ue000'],
    ['an unassigned character', 'a\u0378'],
    ['a noncharacter', 'a\uffff'],
    ['a lone surrogate', 'a\ud800'],
    ['a middle dot elsewhere', 'a·b'],
    ['a Hebrew mark elsewhere', 'a׳'],
    ['a Japanese dot alone', '・'],
    ['Arabic and Persian digits', 'م٤۴'],
    ['both directions', 'adaדוד'],
    ['the other direction after one', 'דודada'],
    ['a digit before what is written from the right', '7דוד'],
    ['punctuation at the end of what is', 'דוד!'],
    ['European and Arabic digits after Arabic', 'م4٤'],
  ];
  for (const [what, name] of refused) {
    it(`refuses a name with ${what}`, () => {
      expect(validateProfile(name))
        .to.be.a('string')
        .that.matches(/^must /);
    });
  }

  it('compares allowed names as the profile does, and as in earlier versions', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }), (name) => {
        fc.pre(validateProfile(name) === undefined);
        expect(toUsernameKey(name)).to.equal(mapWidth(name).toLowerCase().normalize('NFC'));
      }),
      { numRuns: 2000 },
    );
    for (const name of names) {
      expect(toUsernameKey(name)).to.equal(mapWidth(name).toLowerCase().normalize('NFC'));
    }
  });
});
