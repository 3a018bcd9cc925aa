import { expect } from 'chai';
import { parseScope } from '../../src/roles/rights.js';

describe('parseScope', () => {
  for (const [text, expected] of [
    ['b a', ['a', 'b']],
    ['a  b a ', ['a', 'b']],
    ['', []],
    [null, []],
  ] as const) {
    it(`returns ${JSON.stringify(expected)} for ${JSON.stringify(text)}`, () => {
      expect(parseScope(text)).to.deep.equal(expected);
    });
  }
});
