import { expect } from 'chai';
import { showControls, showControlsInLines, toVisibleJson } from '../../src/text/visible-text.js';

describe('A text that a terminal shows', () => {
  const hostile = 'a\u001b[2K\r\u009b1m\u202e\ud800\u{e0001}ä\n';

  it('has control characters as their numbers', () => {
    expect(showControls(hostile)).to.equal('a\\u001b[2K\\u000d\\u009b1m\\u202e\\ud800\\u{e0001}ä\\u000a');
  });

  it('keeps its lines where it may have several', () => {
    expect(showControlsInLines('one\n\ttwo\u001b')).to.equal('one\n\\u0009two\\u001b');
  });

  it('is the same value in JSON', () => {
    const value = { text: `${hostile}\u2028`, 'k\u009b': [1] };
    const text = toVisibleJson(value);
    expect(JSON.parse(text)).to.deep.equal(value);
    expect(text).not.to.match(/[\p{C}\p{Zl}]/u);
  });
});
