import { expect } from 'chai';
import { describeViolation } from '../../src/passwords/password-violations.js';
import { PasswordPolicy } from '../../src/passwords/password-policy.js';
import type { PasswordOwner } from '../../src/passwords/context-words.js';

describe('The password policy', () => {
  const tooShort = 'must have 8 characters or more';
  const tooLong = 'must have 1024 characters or fewer';
  const common = 'is among the most common passwords, which are tried first';
  const unseen = 'must have characters that can be seen and typed: U+200B cannot be in it';
  const username = 'must not be the username';
  const beside = (word: string): string =>
    `must have 6 characters or more beside “${word}”: names are tried first`;
  const policy = new PasswordPolicy(['latchkey', 'Straußwirt'], undefined);
  const validate = async (password: string, owner: PasswordOwner): Promise<string | undefined> => {
    const violation = await policy.findViolation(password, owner);
    return violation && describeViolation(violation);
  };

  for (const [what, password, violation] of [
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
    ['a common one with the letters of ß apart', 'fussball', common],
    ['the username and a sign', 'ada lovelace!', beside('Ada Lovelace')],
    ['a part of the username between signs', '--lovelace--!?12', beside('Lovelace')],
    ['signs that stand for no letter of a name', '!!!! ada !!!! 12345', beside('Ada')],
    ['the username and six characters', 'ada lovelace x9k2wq', undefined],
    ['a part of the username and a year', 'Lovelace1815', beside('Lovelace')],
    ['the username without its space, written with digits', '4d4l0vel4ce', beside('Ada Lovelace')],
    ['the name of the service and a year', 'Latchkey2026!', beside('latchkey')],
    ['the name of the service more than once', 'latchkeylatchkey', beside('latchkey')],
    ['a word of the settings in other letters', 'STRAUSSWIRT1', beside('Straußwirt')],
    ['the name of the service in a sentence', 'where is my latchkey now', undefined],
  ] as const) {
    it(`${violation === undefined ? 'accepts' : 'refuses'} ${what}`, async () => {
      expect(await validate(password, { username: 'Ada Lovelace' })).to.equal(violation);
    });
  }

  for (const [what, password, owner, violation] of [
    ['the name of a mailbox', 'countess12', { email: 'countess@example.org' }, beside('countess')],
    ['the domain of an address', 'Analytical.1', { email: 'ada@analytical.example' }, beside('analytical')],
    ['a name as it is shown', 'Byron-1815', { displayName: 'Augusta Ada Byron' }, beside('Byron')],
    ['a name of two letters', 'liliyogi', { displayName: 'Li' }, undefined],
    ['an address that is none', 'analytical', { email: 'analytical' }, beside('analytical')],
  ] as const) {
    it(`${violation === undefined ? 'accepts' : 'refuses'} ${what}`, async () => {
      expect(await validate(password, { username: 'x', ...owner })).to.equal(violation);
    });
  }

  it('has its reasons in German', async () => {
    const texts = await Promise.all(
      ['sesame!', 'x'.repeat(1025), 'sunshine', 'ada lovelace', 'ada lovelace!', 'sesame\u200b!!'].map(
        async (password) => {
          const violation = await policy.findViolation(password, { username: 'Ada Lovelace' });
          return violation && describeViolation(violation, 'de');
        },
      ),
    );
    expect(texts).to.deep.equal([
      'muss mindestens 8 Zeichen haben',
      'darf höchstens 1024 Zeichen haben',
      'gehört zu den häufigsten Passwörtern, die zuerst probiert werden',
      'darf nicht der Benutzername sein',
      'muss außer „Ada Lovelace“ mindestens 6 Zeichen haben: Namen werden zuerst probiert',
      'muss aus Zeichen bestehen, die man sehen und tippen kann: U+200B darf nicht vorkommen',
    ]);
  });
});
