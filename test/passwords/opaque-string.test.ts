import { expect } from 'chai';
import { validateOpaqueString, toOpaqueString } from '../../src/passwords/opaque-string.js';

describe('RFC 8265’s OpaqueString profile', () => {
  // The examples of RFC 8265 §4.3.
  it('maps other spaces to U+0020, and composes characters', () => {
    expect(toOpaqueString('foo\u1680bar')).to.equal('foo bar');
    expect(toOpaqueString('foo\u00a0bar\u3000')).to.equal('foo bar ');
    expect(toOpaqueString('Zoe\u0308')).to.equal('Zo\u00eb');
  });

  it('preserves case and width', () => {
    expect(toOpaqueString('Correct Horse Battery ＳＴＡＰＬＥ')).to.equal(
      'Correct Horse Battery ＳＴＡＰＬＥ',
    );
  });

  for (const password of [
    'Correct Horse',
    'foo\u1680bar',
    '\u03c0\u00df\u00e5',
    'Jack of ♦s',
    'ein Täßchen 🙂',
    'नमस्‌ते',
  ]) {
    it(`allows ${JSON.stringify(password)}`, () => {
      expect(validateOpaqueString(password)).to.be.undefined;
    });
  }

  for (const [what, password] of [
    ['a tab', 'my cat is a \u0009by'],
    ['a NUL', 'pass\u0000word'],
    ['a C1 control character', 'pass\u0085word'],
    ['a lone surrogate', 'pass\ud800word'],
    ['a private character', 'pass\ue000word'],
    ['an unassigned one', 'pass\u0378word'],
    ['a zero-width space', 'pass\u200bword'],
    ['a joiner at the end', 'password\u200d'],
    ['an override', 'pass\u202eword'],
    ['a line separator', 'pass\u2028word'],
  ] as const) {
    it(`refuses a password with ${what}`, () => {
      expect(validateOpaqueString(password)).to.match(/^must .*U\+[0-9A-F]{4}/);
    });
  }
});
