import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { validateProfile } from '../../src/usernames/username-profile.js';
import { toUsernameKey } from '../../src/usernames/username.js';
import { checkout } from '../support/checkout.js';
import { hasPython, PythonEnvironment } from '../support/python.js';
import { Random } from '../support/random.js';

const interop = join(checkout, 'test/interop');
const environment = new PythonEnvironment('interop-venv');

/** RFC 8265 §3.5, tables 1 and 2. */
const examples = [
  ...['juliet@example.com', 'fussball', 'fu\u00dfball', '\u03c0', '\u03a3', '\u03c3', '\u03c2'],
  ...['foo bar', '', 'henry\u2163', '\u265a'],
];

/** Characters that the rules concern, without those that Unicode has added in recent years. */
const pieces = [
  ...[
    'a',
    'Z',
    'l',
    '7',
    '.',
    '-',
    '@',
    '!',
    ' ',
    '\u00df',
    '\u1e9e',
    '\u0130',
    '\u0131',
    '\u00e9',
    'e\u0301',
  ],
  ...[
    '\u0345',
    '\u0308',
    '\u03a3',
    '\u03c2',
    '\u03b1\u0345',
    '\u1fb3',
    '\u0375',
    '\u0416',
    '\u00b7',
    'l\u00b7l',
  ],
  ...[
    '\uff21',
    '\uff71',
    '\uff76\uff9e',
    '\u3000',
    '\uffe3',
    '\uffa0',
    '\u2460',
    '\u2163',
    '\ufb01',
    '\u212a',
  ],
  ...[
    '\u05d0',
    '\u05d1\u05f3',
    '\u05f4',
    '\u05b0',
    '\u0627',
    '\u0645',
    '\u0640',
    '\u0661',
    '\u06f1',
    '\u06fd',
    '\u07fa',
  ],
  ...['\u30a2', '\u3042', '\u5c71', '\u30fb', '\u30fc', '\u3005', '\u3007', '\u303b', '\u302e', '\u3031'],
  ...[
    '\u1100',
    '\u1161',
    '\u11a8',
    '\uac00',
    '\ua960',
    '\ud7b0',
    '\u3131',
    '\u0915',
    '\u094d',
    '\u0966',
    '\u0f0b',
  ],
  ...['\u00ad', '\u034f', '\u180b', '\u200b', '\u200e', '\u2060', '\u2800', '\ufe0f', '\ufeff', '\u{e0061}'],
  ...[
    '\u00a0',
    '\u2003',
    '\u2028',
    '\t',
    '\u0085',
    '\ue000',
    '\u0378',
    '\uffff',
    '\u{1d41a}',
    '\u{1f642}',
    '\u20ac',
  ],
];

/** The library allows joiners inside words of some scripts. Usernames here must not have any. */
const joiners = ['\u0915\u094d\u200d\u0937', '\u0915\u094d\u200c\u0937', '\u0628\u200c\u0628'];

describe('The profile of usernames, compared with precis_i18n', () => {
  before(function () {
    if (!hasPython()) {
      console.warn('There is no python3 with venv: install it, so that precis_i18n can judge usernames.');
      this.skip();
    }
    environment.prepare(join(interop, 'requirements.txt'));
  });

  const theirs = (names: readonly string[]): (string | null)[] =>
    JSON.parse(environment.run([join(interop, 'precis.py')], { input: { names } })) as (string | null)[];
  const ours = (names: readonly string[]): (string | null)[] =>
    names.map((name) => (validateProfile(name) === undefined ? toUsernameKey(name) : null));
  const readable = (name: string, key: string | null): string =>
    `${JSON.stringify(name)} ${Array.from(name, (each) => each.codePointAt(0)?.toString(16)).join('.')} → ${JSON.stringify(key)}`;

  function expectAgreement(names: readonly string[]): void {
    const [own, other] = [ours(names), theirs(names)].map((keys) =>
      keys.map((key, index) => readable(names[index] ?? '', key)),
    );
    expect(own).to.deep.equal(other);
  }

  it('allows RFC 8265’s examples, and compares them in the same way', () => {
    expectAgreement(examples);
    expect(ours(examples)).to.deep.equal([
      ...['juliet@example.com', 'fussball', 'fu\u00dfball', '\u03c0', '\u03c3', '\u03c3', '\u03c2'],
      ...['foo bar', null, null, null],
    ]);
  });

  it('allows the same names of the characters that the rules concern, alone and beside others', () => {
    expectAgreement(pieces);
    expectAgreement(
      pieces.flatMap((piece) => [`a${piece}`, `${piece}a`, `\u05d0${piece}`, `${piece}\u30a2`]),
    );
  });

  it('allows the same names among hundreds of random ones', () => {
    const { seed } = new Random();
    const names = fc
      .array(fc.constantFrom(...pieces), { minLength: 2, maxLength: 5 })
      .map((each) => each.join(''));
    try {
      expectAgreement(fc.sample(names, { seed, numRuns: 600 }));
    } catch (error) {
      throw new Error(`With the seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  });

  it('refuses all names with joiners, of which the library allows some', () => {
    expect(theirs(joiners)).to.deep.equal(joiners);
    expect(ours(joiners)).to.deep.equal(joiners.map(() => null));
  });
});
