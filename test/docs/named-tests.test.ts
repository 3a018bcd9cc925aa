import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkout } from '../support/checkout.js';
import { listFiles, readPage } from '../support/pages.js';

const tests = listFiles('test/**/*.test.ts', 'bench/test/**/*.test.ts');
/** Templates, tutorials and other packages name files that their readers have. */
const texts = listFiles('*.md', '*.ts', '*.js', '*.json', '*.yml', '.ci/run').filter(
  (file) =>
    !/^(?:test|bench\/results|tools\/new|packages|sdks|guards)\/|^CHANGELOG|^docs\/(?:tutorial|add-an-operation)/.test(
      file,
    ),
);

/** Whether a title, or the start or end of one, is in a test file; one with an expression in it is not found. */
function hasTitle(file: string, title: string): boolean {
  const titles = [...readPage(file).matchAll(/\b(?:it|describe)\(\s*(['`"])(.*?)\1/g)];
  return titles.some(([, , text = '']) => text.includes(title));
}

/** The test files under a path. */
function findTests(path: string): string[] {
  return globSync(path, { cwd: checkout }).flatMap((found) =>
    statSync(join(checkout, found)).isDirectory()
      ? tests.filter((file) => file.startsWith(`${found}/`))
      : [found],
  );
}

describe('The tests that pages, comments and usages name', () => {
  it('are files', () => {
    const named = texts.flatMap((file) =>
      [...readPage(file).matchAll(/(?<![\w/-])test\/[a-z-]+\/[\w.-]+\.test\.ts/g)].map(([path]) => ({
        file,
        path,
      })),
    );
    expect(named).to.have.length.above(50);
    expect(named.filter(({ path }) => !tests.includes(path))).to.deep.equal([]);
  });

  it('have the titles that are quoted after them', () => {
    const quoted = texts.flatMap((file) =>
      [...readPage(file).matchAll(/`(test\/[^`\s]+)`: "([^"]+)"/g)].map(([, path = '', title = '']) => ({
        file,
        path,
        title,
      })),
    );
    expect(quoted).to.not.be.empty;
    expect(
      quoted.filter(({ path, title }) => !findTests(path).some((file) => hasTitle(file, title))),
    ).to.deep.equal([]);
  });

  for (const page of ['CONTRIBUTING.md', 'tools/test-one.ts']) {
    it(`are found by each command of ${page}`, () => {
      const commands = [
        ...readPage(page).matchAll(
          /npm run test:one --(?: (?!--)(?<word>[^\s`']+))?(?: --grep '(?<title>[\w /]+)')?(?=\s|`)/g,
        ),
      ]
        .map(({ groups }) => ({ word: groups?.['word'] ?? '', title: groups?.['title'] ?? '' }))
        .filter(({ word }) => !word.startsWith('['));
      expect(commands).to.not.be.empty;
      expect(
        commands.filter(
          ({ word, title }) => !tests.some((file) => file.includes(word) && hasTitle(file, title)),
        ),
      ).to.deep.equal([]);
    });
  }
});
