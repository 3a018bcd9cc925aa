import { expect } from 'chai';
import { dictionary } from '@zxcvbn-ts/language-common';
import { countCommonPasswords, isCommonPassword } from '../../src/passwords/common-passwords.js';

describe('The list of common passwords', () => {
  const all = dictionary['passwords-common'].map(String);
  const long = all.filter((each) => each.length >= 8);

  it('has each of zxcvbn’s tens of thousands that are long enough', async () => {
    expect(all.length).to.be.above(40_000);
    expect(long.length).to.be.above(17_000);
    expect(await countCommonPasswords()).to.be.within(long.length - 50, long.length);
    for (const password of long) {
      if (!(await isCommonPassword(password))) expect.fail(`${password} is not in it`);
    }
  });

  it('does not include any other password', async () => {
    for (let number = 0; number < 20_000; number += 1) {
      const password = `not a common one ${number}`;
      if (await isCommonPassword(password)) expect.fail(`${password} is in it`);
    }
  });
});
