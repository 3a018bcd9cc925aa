import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { createProgress } from '../../src/cli/progress.js';

describe('The progress of long work', () => {
  /** @returns all that is written for work of so many milliseconds. */
  function written(isTTY: boolean, duration: number): string {
    let now = 0;
    const stream = Object.assign(new PassThrough(), { isTTY, columns: 80 });
    stream.setEncoding('utf8');
    const progress = createProgress({ unit: 'rows', stream, now: () => now });
    for (; now < duration; now += 50) progress.update(now, duration, 'users');
    progress.end();
    progress.end();
    return (stream.read() as string | null) ?? '';
  }

  it('is a bar on a terminal, which is erased at the end', () => {
    const text = written(true, 1000);
    expect(text).to.match(/\[#+-+\] \d+ % · \d+ of 1000 rows users/);
    // The line is cleared, and the cursor is shown again.
    expect(text)
      .to.match(/\x1b\[\?25h/)
      .and.match(/\x1b\[[02]?K[^#]*$/);
  });

  it('is nothing for short work', () => {
    expect(written(true, 250)).to.equal('');
  });

  it('is nothing elsewhere than on a terminal', () => {
    expect(written(false, 10_000)).to.equal('');
  });
});
