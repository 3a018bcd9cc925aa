import { expect } from 'chai';
import { validatePassword } from '../../src/passwords/password-policy.js';

describe('The password policy', () => {
  const tooShort = 'must have 8 characters or more';
  const tooLong = 'must have 1024 characters or fewer';
  const common = 'is among the most common passwords, which are tried first';
  const unseen = 'must have characters that can be seen and typed: U+200B cannot be in it';
  const username = 'must not be the username';

  for (const [what, password, fault] of [
    ['seven letters', 'sesame!', tooShort],
    ['eight letters', 'sesame!!', undefined],
    ['seven emoji, of fourteen code units', '🐴'.repeat(7), tooShort],
    ['eight emoji', '🐴'.repeat(8), undefined],
    ['seven letters and their accents, apart', 'e\u0301'.repeat(7), tooShort],
    ['eight letters and their accents, apart', 'e\u0301'.repeat(8), undefined],
    ['1024 letters', 'ab'.repeat(512), undefined],
    ['1025 letters', `${'ab'.repeat(512)}a`, tooLong],
    ['1024 emoji', '🐴'.repeat(1024), undefined],
    ['1025 emoji', '🐴'.repeat(1025), tooLong],
    ['1024 letters and their accents, apart', 'e\u0301'.repeat(1024), undefined],
    ['nothing but letters, or spaces, or digits', 'ahorseofcourse', undefined],
    ['spaces alone', ' '.repeat(8), undefined],
    ['a zero-width space', 'sesame\u200b!!', unseen],
    ['digits alone', '8273640192', undefined],
    ['a common one', 'sunshine', common],
    ['a common one in other letters', 'SunShine', common],
    ['a common one and more', 'sunshine on leith', undefined],
    ['the username', 'ada lovelace', username],
    ['the username in other letters', 'ADA Lovelace', username],
    ['the username in letters that look the same', 'ａｄａ lovelace', username],
    ['the username and more', 'ada lovelace!', undefined],
  ] as const) {
    it(`${fault === undefined ? 'takes' : 'refuses'} ${what}`, async () => {
      expect(await validatePassword(password, 'Ada Lovelace')).to.equal(fault);
    });
  }
});
