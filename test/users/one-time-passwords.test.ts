import { expect } from 'chai';
import { generateOneTimePassword } from '../../src/users/users.service.js';

describe('A generated one-time password', () => {
  it('does not begin with a hyphen, which commands would take for an option', () => {
    for (let count = 0; count < 1000; count += 1) {
      expect(generateOneTimePassword()).to.match(/^[A-Za-z0-9_][A-Za-z0-9_-]{19}$/);
    }
  });
});
