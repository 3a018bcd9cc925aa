import { expect } from 'chai';
import { parseEmailAddress } from '../../src/text/email-address.js';

const good: readonly (readonly [string, string])[] = [
  ['ada@example.com', 'ada@example.com'],
  ['Ada.Lovelace+news@Example.COM', 'Ada.Lovelace+news@example.com'],
  ['o’brien@example.com'.replace('’', "'"), "o'brien@example.com"],
  ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
  ['ada@localhost', 'ada@localhost'],
  [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
];
const bad = [
  '',
  'ada',
  '@example.com',
  'ada@',
  'ada@example',
  'ada@@example.com',
  'ada lovelace@example.com',
  '"ada"@example.com',
  '.ada@example.com',
  'ada..l@example.com',
  'adä@example.com',
  'ada@[192.0.2.7]',
  'ada@192.0.2.7',
  'ada@-example.com',
  'ada@example.com\r\nBcc: eve@example.com',
  'ada@example.com,eve@example.com',
  'Ada <ada@example.com>',
  'ada@example.com/1',
  'ada@example.com?1',
  'ada@example.com#1',
  'ada@example.com:443',
  'ada@exa%6dple.com',
  'ada@exam\u00adple.com',
  'ada@exam\u200dple.com',
  'ada@exam\ufe0fple.com',
  'ada@example\\.com',
  `${'a'.repeat(65)}@example.com`,
  `ada@${'a'.repeat(64)}.com`,
  `ada@${'a.'.repeat(130)}com`,
];

describe('An e-mail address', () => {
  for (const [given, text] of good) {
    it(`${given} is accepted`, () => {
      expect(parseEmailAddress(given)).to.deep.equal({ text, key: text.toLowerCase() });
    });
  }

  for (const given of bad) {
    it(`${JSON.stringify(given.slice(0, 50))} is refused`, () => {
      expect(parseEmailAddress(given)).to.equal(undefined);
    });
  }
});
