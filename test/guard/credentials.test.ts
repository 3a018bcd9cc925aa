import { expect } from 'chai';
import fc from 'fast-check';
import { parseCredentials } from '../../src/guard/credentials.js';

describe('The credentials in a header', () => {
  for (const [header, expected] of [
    ['Bearer t', 't'],
    ['bEARER t', 't'],
    ['Bearer t, Basic x', 't'],
    ['Basic x, Bearer t', 't'],
    ['Basic x ,\t Bearer t ', 't'],
    ['Bearer t,', 't'],
    [', Bearer t', 't'],
    ['Digest a="b", c=d, Bearer t', 't'],
    ['Basic x', undefined],
    ['Digest a="b", c=d', undefined],
    ['Basic x, Negotiate y', undefined],
    [',', undefined],
    ['', undefined],
    ['Bearer', null],
    ['Bearer  t', null],
    ['Bearer t ', null],
    ['Bearer t u', null],
    ['Bearer\tt', null],
    ['Bearer t, Bearer t', null],
    ['Bearer, Bearer t', null],
    ['Bearert', null],
    ['Bearerer t', null],
    ['eyJh.eyJz.c2ln', null],
    ['eyJh.eyJz.c2ln,', null],
  ] as const) {
    it(`are ${expected === undefined ? 'none' : expected === null ? 'malformed' : 'there'} in ${JSON.stringify(header)}`, () => {
      expect(parseCredentials(header, 'Bearer')).to.equal(expected);
    });
  }

  it('are those of the given scheme', () => {
    expect(parseCredentials('JWT t, Bearer u', 'JWT')).to.equal('t');
    expect(parseCredentials('JWT t, Bearer u', 'Bearer')).to.equal('u');
    expect(parseCredentials('Bearer u', 'JWT')).to.be.undefined;
  });

  const word = fc.stringMatching(/^[A-Za-z0-9._~+/=-]{1,20}$/);
  const gap = fc.constantFrom(',', ', ', ' ,', ',\t', ', ,');
  const other = fc
    .tuple(fc.constantFrom('Basic', 'Digest', 'Negotiate', 'JWT'), word)
    .map((each) => each.join(' '));

  it('are found among any other schemes before and after them', () => {
    fc.assert(
      fc.property(
        fc.array(other, { maxLength: 5 }),
        fc.array(other, { maxLength: 5 }),
        word,
        gap,
        (before, after, token, comma) => {
          const list = [...before, `Bearer ${token}`, ...after].join(comma);
          expect(parseCredentials(list, 'Bearer')).to.equal(token);
          expect(parseCredentials([...before, ...after, 'Basic x'].join(comma), 'Bearer')).to.be.undefined;
          expect(parseCredentials(`${list}${comma}Bearer ${token}`, 'Bearer')).to.be.null;
        },
      ),
    );
  });

  it('have no spaces and commas, whatever the header is', () => {
    const text = fc.string({
      unit: fc.constantFrom('B', 'e', 'Bearer', ' ', '\t', ',', 'x', '\u00a0'),
      maxLength: 40,
    });
    fc.assert(
      fc.property(text, (header) => {
        const found = parseCredentials(header, 'Bearer');
        if (typeof found !== 'string') return;
        expect(found).to.match(/^[^ \t,]+$/);
        expect(header.toLowerCase()).to.include(`bearer ${found.toLowerCase()}`);
      }),
    );
  });
});
