import { expect } from 'chai';
import { createProgress } from '../../src/cli/progress.js';

describe('The progress of long work', () => {
  function written(isTTY: boolean): string[] {
    const texts: string[] = [];
    let now = 0;
    const stream = { isTTY, write: (text: string) => texts.push(text) > 0 };
    const progress = createProgress(stream, () => now);
    for (; now < 25_000; now += 50) progress.show(String(now));
    progress.end();
    progress.end();
    return texts;
  }

  it('is one line on a terminal, which is erased at the end', () => {
    const texts = written(true);
    expect(texts[0]).to.equal('\r\x1b[K100');
    expect(texts).to.have.length(250);
    expect(texts.at(-1)).to.equal('\r\x1b[K');
  });

  it('is an occasional line elsewhere, and nothing for short work', () => {
    expect(written(false)).to.deep.equal(['10000\n', '20000\n']);
  });
});
