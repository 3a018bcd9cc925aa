import { expect } from 'chai';
import { parseScope } from '../../src/roles/rights.js';

describe('The words of a space-separated list', () => {
  for (const [text, expected] of [
    ['b a', ['a', 'b']],
    ['a  b a ', ['a', 'b']],
    ['', []],
    [null, []],
  ] as const) {
    it(`are ${JSON.stringify(expected)} in ${JSON.stringify(text)}`, () => {
      expect(parseScope(text)).to.deep.equal(expected);
    });
  }
});
