import { Writable } from 'node:stream';
import { expect } from 'chai';
import { formatReadableLine } from '../../src/server/readable-log.js';

/** A stream without colors. */
const plain = new Writable();

const line = (entry: object): string =>
  formatReadableLine(
    JSON.stringify({ level: 30, time: 0, pid: 1, hostname: 'host', msg: 'stopping', ...entry }),
    plain,
  ).replace(/^\d\d:\d\d:\d\d /, '');

describe('A line of the log on a terminal', () => {
  it('starts with the time of day', () => {
    const text = formatReadableLine('{"level":30,"time":0,"msg":"stopping"}', plain);
    expect(text).to.match(/^\d\d:\d\d:\d\d info {2}stopping\n$/);
  });

  it('has level, message and fields, without those that are always the same', () => {
    expect(line({ signal: 'SIGTERM' })).to.equal('info  stopping signal=SIGTERM\n');
    expect(line({ level: 50, count: 3, list: ['a', 'b'], none: null })).to.equal(
      'error stopping count=3 list=["a","b"] none=null\n',
    );
  });

  it('quotes an ambiguous text', () => {
    expect(line({ path: '/users', name: 'a b', other: 'a="b"' })).to.equal(
      'info  stopping path=/users name="a b" other="a=\\"b\\""\n',
    );
  });

  it("has an error's stack on separate lines", () => {
    expect(line({ level: 40, err: { message: 'No.', stack: 'Error: No.\n    at here' } })).to.equal(
      'warn  stopping\nError: No.\n    at here\n',
    );
  });

  it('escapes control characters, which a terminal would interpret', () => {
    expect(line({ msg: 'a\u001b[2Jb\u009bc', name: '\u202ed' })).to.equal(
      'info  a\\u001b[2Jb\\u009bc name=\\u202ed\n',
    );
    expect(line({ msg: '\u{e0041}' })).to.equal('info  \\u{e0041}\n');
  });

  it('is one line, whatever the message', () => {
    expect(line({ msg: 'a\nb' })).to.equal('info  a\\u000ab\n');
  });
});
