#!/usr/bin/env node
// Builds what is stale: routes and contract from the controllers (tsoa), then the compiled code (tsc).
// Plain JavaScript, and for any Node that npm runs on: it is there before anything is built.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { readWords } from './words.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const inputs = [
  'src',
  'generated',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'tsconfig.guard.json',
  'tsoa.json',
];
const usage = `Usage: npm run build [-- --with-tests]

  --with-tests   compiles the tests, too`;
const stampFile = (withTests) => join(root, 'dist', withTests ? 'tests.stamp' : 'build.stamp');

/** Whether the compiled code is there at all. */
export function isBuilt() {
  return existsSync(stampFile(false)) || existsSync(stampFile(true));
}

/** Whether the tools are there that a build needs: not after `npm ci --omit=dev`. */
export function canBuild() {
  return existsSync(join(root, 'node_modules/tsoa')) && existsSync(join(root, 'node_modules/typescript'));
}

function fingerprint(withTests) {
  const hash = createHash('sha256');
  for (const input of withTests ? [...inputs, 'test'] : inputs) {
    const path = join(root, input);
    const files = input.includes('.')
      ? [path]
      : readdirSync(path, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
          .sort();
    for (const file of files) {
      const content = existsSync(file) ? readFileSync(file) : '';
      hash.update(`${file.slice(root.length)} ${content.length}\n`).update(content);
    }
  }
  return hash.digest('hex');
}

/** Whether the sources have changed since they were compiled. */
export function isStale(withTests = false) {
  const stamps = [true, ...(withTests ? [] : [false])].map((tests) => [tests, stampFile(tests)]);
  return !stamps.some(
    ([tests, file]) => existsSync(file) && readFileSync(file, 'utf8') === fingerprint(tests),
  );
}

/** Removes what was compiled from sources that are gone: mocha and Node would go on finding it. */
function prune() {
  for (const folder of ['src', 'generated', 'test']) {
    const compiled = join(root, 'dist', folder);
    if (!existsSync(compiled)) continue;
    for (const file of readdirSync(compiled, { recursive: true })) {
      const source = join(root, folder, file).replace(/\.js(\.map)?$/, '.ts');
      if (!existsSync(source)) rmSync(join(compiled, file), { recursive: true, force: true });
    }
  }
}

/** Puts what a browser gets as it is beside the scripts that are compiled for it. */
function copyPage() {
  const page = join(root, 'src/swagger-ui');
  for (const file of readdirSync(page)) {
    if (/\.(html|css|svg)$/.test(file)) cpSync(join(page, file), join(root, 'dist/src/swagger-ui', file));
  }
}

function run(what, script, args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status === 0) return true;
  // Where in tsoa its error was thrown says nothing of the controllers.
  const said = what === 'tsoa' ? stderr.replaceAll(/^ +at .*\n/gm, '') : stderr;
  process.stderr.write(`${stdout}${said}\n${what} failed.\n`);
  return false;
}

/** @returns {boolean} whether it worked; what did not is on stderr. */
export function build(withTests = false) {
  mkdirSync(join(root, 'dist/contract'), { recursive: true });
  mkdirSync(join(root, 'generated'), { recursive: true });
  // A build with the tests and one without write the same files: what is known of the other is true no longer.
  const other = withTests ? 'build.tsbuildinfo' : 'all.tsbuildinfo';
  for (const file of [stampFile(false), stampFile(true), join(root, 'dist', other)])
    rmSync(file, { force: true });
  prune();
  const document = 'dist/contract/tsoa.json';
  const sources = 'dist/contract/sources.json';
  rmSync(join(root, document), { force: true });
  const generated = run('tsoa', require.resolve('tsoa/dist/cli.js'), ['spec-and-routes']);
  // What tsoa passes over in silence, and where it is; where it fails, that is often why.
  const sound = run('The check of the controllers', join(root, 'bin/contract-faults.js'), [
    document,
    sources,
  ]);
  const tsc = require.resolve('typescript/bin/tsc');
  const project = withTests ? 'tsconfig.json' : 'tsconfig.build.json';
  const compiled =
    generated &&
    run('tsc', tsc, ['--project', project]) &&
    run('tsc', tsc, ['--project', 'src/swagger-ui']) &&
    run("The guard's types", tsc, ['--project', 'tsconfig.guard.json']);
  const built =
    sound &&
    compiled &&
    run('The contract', join(root, 'dist/src/contract/write-contract.js'), [document, sources]);
  if (built) copyPage();
  if (built) writeFileSync(stampFile(withTests), fingerprint(withTests));
  return built;
}

if (process.argv[1] && pathToFileURL(process.argv[1]).href === import.meta.url) {
  const words = readWords(usage, { options: { 'with-tests': { type: 'boolean', default: false } } });
  const withTests = words?.values['with-tests'];
  if (words && isStale(withTests) && !build(withTests)) process.exitCode = 1;
}
