import { expect } from 'chai';
import { FileLimits, getFileLimits, hasFileLimits } from '../../src/http/file-limits.js';

describe('@FileLimits', () => {
  const limitsOf = (limits: FileLimits) => {
    const method = (): void => undefined;
    FileLimits(limits)({}, 'method', { value: method });
    return getFileLimits(method);
  };

  it('has defaults, also for a method without it', () => {
    const method = (): void => undefined;
    expect(getFileLimits(method)).to.deep.equal({
      maxSize: 5_000_000,
      maxSizeText: '5 MB',
      types: [],
      maxCount: 5,
      storage: 'memory',
    });
    expect(limitsOf({})).to.deep.equal(getFileLimits(method));
    expect(hasFileLimits(method)).to.equal(false);
  });

  it('takes sizes in decimal and binary units, and in bytes', () => {
    const sizes = (['1 KB', '1.5 MB', '2 GB', '1 KiB', '5 MiB', '1 GiB'] as const).map((maxSize) =>
      limitsOf({ maxSize }),
    );
    expect(sizes.map(({ maxSize }) => maxSize)).to.deep.equal([
      1000, 1_500_000, 2_000_000_000, 1024, 5_242_880, 1_073_741_824,
    ]);
    const texts = [1, 1000, 2_500_000, 1_048_576, 3_000_000].map(
      (maxSize) => limitsOf({ maxSize }).maxSizeText,
    );
    expect(texts).to.deep.equal(['1 bytes', '1 KB', '2500 KB', '1 MiB', '3 MB']);
  });

  it('says what is wrong with a limit when the controller is loaded', () => {
    for (const maxSize of [0, -1, 1.5, Number.NaN, '5 mb', '5MB', ' MB']) {
      expect(() => limitsOf({ maxSize: maxSize as number })).to.throw(
        `@FileLimits of Object.method: maxSize ${maxSize} is no size.`,
      );
    }
    expect(() => limitsOf({ maxCount: 0 })).to.throw(
      '@FileLimits of Object.method: maxCount 0 is no number of files. Write 1 or more.',
    );
    for (const type of ['png', 'image/', '*/*', 'image/png; q=1']) {
      expect(() => limitsOf({ types: [type] })).to.throw(
        `@FileLimits of Object.method: "${type}" is no media type.`,
      );
    }
  });
});
