import { spawnSync } from 'node:child_process';
import { existsSync, globSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect } from 'chai';
import { checkout } from '../support/checkout.js';
import {
  listAnchors,
  listLinks,
  findMisreadCode,
  listPaths,
  findUndefinedReferences,
} from '../support/markdown.js';
import { listFiles, readPage as read } from '../support/pages.js';

const pages = listFiles('*.md');
/** Pages that name files of the repository; others name files that their reader creates. */
const mapsOfTheCode = pages.filter((page) =>
  /^(?:ARCHITECTURE|CONTRIBUTING|SECURITY)\.md$|^docs\/(?:decisions\/.*|guarantees|dependencies|flask-jwt-extended)\.md$/.test(
    page,
  ),
);

/** What is wrong with a link, as a reader of the page follows it. */
function brokenLink(page: string, link: string): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : normalize(join(dirname(page), path));
  if (target.startsWith('..') || !existsSync(join(checkout, target))) return `${link}: there is no ${target}`;
  if (anchor !== undefined && !listAnchors(read(target)).has(anchor))
    return `${link}: ${target} has no such heading`;
  return undefined;
}

describe('The pages', () => {
  it('are found', () => {
    expect(pages).to.include.members(['README.md', 'CHANGELOG.md', 'docs/README.md', 'bench/README.md']);
  });

  for (const page of pages) {
    it(`${page}: each relative link leads somewhere`, () => {
      const broken = listLinks(read(page)).flatMap((link) => brokenLink(page, link) ?? []);
      expect([...broken, ...findUndefinedReferences(read(page))]).to.deep.equal([]);
    });
  }

  for (const page of pages) {
    it(`${page}: each code span ends where it was meant to`, () => {
      expect(findMisreadCode(read(page))).to.deep.equal([]);
    });
  }

  for (const page of mapsOfTheCode) {
    it(`${page}: each file that it names exists`, () => {
      const missing = listPaths(read(page)).filter(
        (path) => globSync(path.replace(/:\d+$/, ''), { cwd: checkout }).length === 0,
      );
      expect(missing).to.deep.equal([]);
    });
  }

  it('name no missing npm script', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: object };
    const missing = pages
      .filter((page) => !/^(?:sdks|guards|packages|bench\/results)\/|^CHANGELOG/.test(page))
      .flatMap((page) =>
        [...read(page).matchAll(/npm run ([a-z:-]+)/g)].map(([, script = '']) => [page, script]),
      )
      .filter(([, script = '']) => !Object.hasOwn(scripts, script));
    expect(missing).to.deep.equal([]);
  });

  it('CONTRIBUTING.md says what to do about each check', () => {
    const { stdout } = spawnSync(process.execPath, ['tools/check.ts', '--help'], {
      cwd: checkout,
      encoding: 'utf8',
    });
    const checks = [...stdout.matchAll(/^ {2}([a-z-]+) {2,}\S/gm)].map(([, check = '']) => `\`${check}\``);
    expect(checks).to.include('`lint`');
    const table = read('CONTRIBUTING.md').split('## The checks')[1]?.split('\n## ')[0] ?? '';
    expect(checks.filter((check) => !table.includes(check))).to.deep.equal([]);
  });

  it('README.md is under 12 KB', () => {
    expect(statSync(join(checkout, 'README.md')).size).to.be.below(12_000);
  });

  for (const folder of ['docs', 'docs/decisions']) {
    it(`${folder}/README.md lists each page of its folder`, () => {
      const index = `${folder}/README.md`;
      const linked = new Set(listLinks(read(index)).map((link) => normalize(join(folder, link))));
      const unlisted = pages.filter(
        (page) => dirname(page) === folder && page !== index && !linked.has(page),
      );
      expect(unlisted).to.deep.equal([]);
    });
  }
});

describe('The check of links', () => {
  const page = [
    '# Top',
    '[a](b.md) ![c](d.png) `[e](f.md)` [g][h]',
    '[h]: i.md',
    '## A `b`, c & d',
    '```sh',
    '# no heading [j](k.md)',
    '```',
    '## A `b`, c & d',
    '`src/x.ts` `test/*/y.ts` `src/<name>.ts` `npm run docs`',
  ].join('\n');

  it('reads links, images and references, and none in code', () => {
    expect(listLinks(page)).to.deep.equal(['b.md', 'd.png', 'i.md']);
    expect(findUndefinedReferences(page)).to.deep.equal([]);
    expect(findUndefinedReferences('[g][nothing]')).to.deep.equal(['nothing']);
  });

  it('finds code spans that a backtick inside ends too early', () => {
    expect(findMisreadCode("`f('\\`<x>\\`')`in a text")).to.have.length(2);
    expect(findMisreadCode('`` f(`x`) `` in a text, `a\nb`, and `\\d`')).to.deep.equal([]);
    expect(findMisreadCode('fails`a`')).to.deep.equal(['s`a`']);
  });

  it('computes the anchors of headings as GitHub does', () => {
    expect([...listAnchors(page)]).to.deep.equal(['top', 'a-b-c--d', 'a-b-c--d-1']);
  });

  it('finds the files that a page names', () => {
    expect(listPaths(page)).to.deep.equal(['src/x.ts', 'test/*/y.ts']);
  });

  it('reports what is broken', () => {
    expect(brokenLink('docs/README.md', 'nothing.md')).to.equal('nothing.md: there is no docs/nothing.md');
    expect(brokenLink('docs/README.md', 'keys.md#nothing')).to.equal(
      'keys.md#nothing: docs/keys.md has no such heading',
    );
    expect(brokenLink('docs/README.md', '../README.md#quick-start')).to.equal(undefined);
    expect(brokenLink('docs/README.md', 'https://example.com/nothing')).to.equal(undefined);
  });
});
