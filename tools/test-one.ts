// Runs the test files whose path has a word in it: `npm run test:one -- sessions`. Mocha's own `--spec` adds files to those
// of its configuration, which are all of them.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { root } from '../bin/sources.js';
import { reportMisuse, readCommandLine } from './command-line.ts';
import { ensureBuilt } from './compile.ts';

/** A mocha configuration of this project. */
interface Suite {
  readonly spec: string;
  readonly ignore?: readonly string[];
  readonly require?: readonly string[];
  readonly timeout: number;
  readonly parallel?: boolean;
  readonly jobs?: number;
}

const usage = `Usage: npm run test:one -- [<part of a path> ...] [--grep <part of a title>]

  npm run test:one -- sessions                            every file in test/ whose path has "sessions" in it
  npm run test:one -- test/authentication/login.test.ts   one file
  npm run test:one -- browser                             a slower suite: its folder is part of the path, too
  npm run test:one -- sessions --grep 'limit'             of those files, the tests whose title has "limit" in it
  npm run test:one -- --grep 'GET /users'                 of all that npm test runs, these

SDKs have tests of their own: npm run test:sdks -- typescript`;

const given = readCommandLine(usage, { allowPositionals: true, options: { grep: { type: 'string' } } });
const words = given?.positionals.map(normalize) ?? [];
const grep = given?.values['grep'] as string | undefined;
if (given && words.length === 0 && grep === undefined) reportMisuse('Which tests?', usage);
else if (given) await run();

async function run(): Promise<void> {
  const suites = readSuites();
  const all = [...listTestFiles('test'), ...listTestFiles('bench/test')];
  const unknown = words.filter((word) => !all.some((file) => file.includes(word)));
  if (unknown.length > 0) {
    console.error(
      `No test file has ${unknown.map((word) => `"${word}"`).join(' or ')} in its path. To look for it in titles: npm run test:one -- --grep '${unknown.join(' ')}'`,
    );
    process.exitCode = 1;
    return;
  }
  // A look into titles alone loads every file: those of the slower suites only where they are named.
  const [quick] = suites;
  const chosen = all.filter((file) =>
    words.length > 0 ? words.some((word) => file.includes(word)) : findSuite(file, suites) === quick,
  );
  if (!(await ensureBuilt(true))) process.exitCode = 1;
  else
    for (const suite of suites)
      runFiles(
        suite,
        chosen.filter((file) => findSuite(file, suites) === suite),
      );
}

/** As a person may write it: absolute, with a dot before it, or what was compiled of it. */
function normalize(word: string): string {
  const path = word.startsWith(root) ? relative(root, word) : word;
  return path
    .replaceAll(sep, '/')
    .replace(/^\.\//, '')
    .replace(/^dist\/(.*)\.js$/, '$1.ts');
}

function listTestFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `${folder}/${file.replaceAll(sep, '/')}`)
    .sort();
}

/** The one that `npm test` runs comes first. */
function readSuites(): Suite[] {
  return readdirSync(root)
    .filter((file) => /^\.mocharc\.([a-z]+\.)?json$/.test(file))
    .sort((a, b) => a.length - b.length)
    .map((file) => JSON.parse(readFileSync(join(root, file), 'utf8')) as Suite);
}

function findSuite(file: string, [quick, ...slower]: readonly Suite[]): Suite | undefined {
  const folderOf = (spec: string): string => spec.replace(/^dist\//, '').replace(/\*\*.*/, '');
  return slower.find(({ spec }) => file.startsWith(folderOf(spec))) ?? quick;
}

function runFiles(suite: Suite, files: readonly string[]): void {
  if (files.length === 0) return;
  const { spec, require: required = [], timeout, parallel = false, jobs = 1 } = suite;
  const isCompiled = spec.startsWith('dist/');
  const parameters = [
    '--no-config',
    ...required.flatMap((file) => ['--require', file]),
    ...['--timeout', String(timeout), '--reporter', 'spec'],
    ...(parallel && files.length > 1 ? ['--parallel', '--jobs', String(jobs)] : []),
    ...(grep === undefined ? [] : ['--grep', grep]),
    ...files.map((file) => (isCompiled ? `dist/${file.replace(/\.ts$/, '.js')}` : file)),
  ];
  console.log(files.length > 1 ? `${files.length} files` : files.join(''));
  const mocha = join(root, 'node_modules/mocha/bin/mocha.js');
  const { status } = spawnSync(process.execPath, [mocha, ...parameters], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
