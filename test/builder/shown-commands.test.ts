import { expect } from 'chai';
import {
  readBlocks,
  checkJson,
  checkLines,
  readFileName,
  readCommentedOutput,
} from '../support/shown-commands.js';

const page = `
## One
\`\`\`sh
first
\`\`\`
## Two
1. In a list:

   \`\`\`python
   # file.py
   print(1)  # 1
     indented
   \`\`\`

\`\`\`
printed
\`\`\`
`;

describe('What a page shows', () => {
  it('is read block by block, including blocks in lists', () => {
    expect(readBlocks(page)).to.deep.equal([
      { language: 'sh', text: 'first', line: 3 },
      { language: 'python', text: '# file.py\nprint(1)  # 1\n  indented', line: 9 },
      { language: '', text: 'printed', line: 15 },
    ]);
    expect(readBlocks(page, 'One').map(({ text }) => text)).to.deep.equal(['first']);
    expect(() => readBlocks('```sh title="x"\n```')).to.throw(
      'Line 1 begins a block in a way that is not known',
    );
  });

  it('may be a file, by its first line', () => {
    expect(readBlocks(page).map(readFileName)).to.deep.equal([undefined, 'file.py', undefined]);
  });

  it('may have expected output in comments', () => {
    expect(readCommentedOutput('print(x)  # 1\nfirst()  # not printed\nprint(y(2))  # 2')).to.equal('1\n2');
  });

  it('is compared with the output: each line, in order', () => {
    checkLines('one\n\nthree …!', 'zero\none\ntwo\nthree 3!\n');
    expect(() => {
      checkLines('one', 'one more');
    }).to.throw('"one" is shown, and was not printed:\none more');
    expect(() => {
      checkLines('one\ntwo', 'two\none');
    }).to.throw('"two" is shown, and was not printed');
    expect(() => {
      checkLines('one …', 'one ');
    }).to.throw('"one …" is shown');
  });

  it('is compared with JSON, field by field', () => {
    checkJson({ a: 'x…', b: [1, { c: null }] }, { b: [1, { c: null }], a: 'xyz' });
    checkJson({ a: 1, '…': '…' }, { a: 1, b: 2 });
    for (const [shown, printed] of [
      [{ a: 1 }, { a: 2 }],
      [{ a: 1 }, { a: 1, b: 2 }],
      [{ a: 1, b: 2 }, { a: 1 }],
      [{ a: 1, '…': '…' }, { b: 1 }],
      [[1, 2], [1]],
      [['x.z'], ['xyz']],
      ['1', 1],
    ] as const) {
      expect(() => {
        checkJson(shown, printed);
      }, JSON.stringify(shown)).to.throw(/^the response.* is shown as .*, and is /);
    }
  });
});
