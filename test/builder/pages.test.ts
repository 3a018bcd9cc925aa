import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { PageReader } from '../support/page-reader.js';
import { createPostgresDatabase } from '../support/postgres.js';
import { reservePort } from '../support/ports.js';
import { copyEnvironment, ProjectCopy } from '../support/project-copy.js';
import { hasPython, PythonEnvironment } from '../support/python.js';
import { checkout } from '../support/checkout.js';
import { readBlocks, type Block } from '../support/shown-commands.js';

const python = new PythonEnvironment('interop-venv');
const read = (page: string): string => readFileSync(join(checkout, page), 'utf8');

/** What a reader types, command by command, in a clone: of a page, or of two of which one goes on from the other. A `text` is tried elsewhere. */
const pages: Readonly<Record<string, readonly Block[]>> = {
  'docs/tutorial.md': readBlocks(read('docs/tutorial.md')),
  'README.md and docs/add-an-operation.md': [
    ...readBlocks(read('README.md'), 'Quick start'),
    ...readBlocks(read('docs/add-an-operation.md')),
  ],
};

for (const [page, all] of Object.entries(pages)) {
  const blocks = all.filter(({ language }) => language !== 'text');
  describe(`What ${page} show`, function () {
    this.bail(true); // each step builds on the one before

    const withPython = hasPython();
    let project: ProjectCopy;
    let reader: PageReader;
    before(async () => {
      if (withPython) python.prepare(join(checkout, 'test/interop/requirements.txt'));
      else
        console.warn('There is no python3 with venv: install it, so that what is shown in Python is tried.');
      project = new ProjectCopy({ built: page !== 'docs/tutorial.md' });
      const port = await reservePort();
      const environment = copyEnvironment();
      reader = new PageReader({
        project,
        environment: {
          // As on a terminal.
          LOG_FORMAT: 'text',
          ...environment,
          PORT: String(port),
          PATH: [python.commands, environment['PATH']].join(delimiter),
        },
        instead: {
          '127.0.0.1:3000': `127.0.0.1:${port}`,
          'postgres://latchkey:password@127.0.0.1:5432/latchkey': await createPostgresDatabase(),
        },
      });
    });
    after(async () => {
      await reader.close();
      project.remove();
    });

    for (const [index, block] of blocks.entries()) {
      it(`works, line ${block.line}: ${block.language} ${block.text.split('\n')[0]}`, async function () {
        const isOfPython = ({ language, text }: Block): boolean =>
          language === 'python' || /\bpython3\b/.test(text);
        const previous = blocks[index - 1];
        const isOutput = block.language === '' || block.language === 'json';
        if (!withPython && (isOfPython(block) || (isOutput && previous && isOfPython(previous)))) this.skip();
        await reader.follow(block);
      });
    }

    it('is refused only where that is shown', () => {
      reader.expectNoRefusal();
    });
  });
}
