// Builds what is stale: routes and contract from the controllers (tsoa), then the compiled code (tsc).
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { generatedFingerprint, isStale, root, sourcesFingerprint, stamp, stampFile } from '../bin/sources.js';

const require = createRequire(import.meta.url);

/** @returns whether there is something to run; where not, what failed is on stderr. */
export function ensureBuilt(withTests: boolean): boolean {
  return !isStale(withTests) || build(withTests);
}

/** @returns whether it worked; what did not is on stderr. */
export function build(withTests: boolean): boolean {
  const built = sourcesFingerprint(withTests);
  mkdirSync(join(root, 'dist/contract'), { recursive: true });
  mkdirSync(join(root, 'generated'), { recursive: true });
  // A build with the tests and one without write the same files: what is known of the other is true no longer.
  const other = withTests ? 'build.tsbuildinfo' : 'all.tsbuildinfo';
  for (const file of [stampFile(false), stampFile(true), join(root, 'dist', other)])
    rmSync(file, { force: true });
  removeOrphans();
  if (!compile(withTests)) return false;
  copyPage();
  writeFileSync(stampFile(withTests), stamp(built, generatedFingerprint()));
  return true;
}

/** All of what is wrong in one go: what tsoa and the check of the controllers find does not hide what tsc does. */
function compile(withTests: boolean): boolean {
  const document = 'dist/contract/tsoa.json';
  const sources = 'dist/contract/sources.json';
  rmSync(join(root, document), { force: true });
  const generated = run('tsoa', require.resolve('tsoa/dist/cli.js'), ['spec-and-routes']);
  // What tsoa passes over in silence, and where it is; where it fails, that is often why.
  const isSound = run('The check of the controllers', join(root, 'tools/contract/run-checks.ts'), [
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
  return (
    isSound &&
    compiled &&
    run('The contract', join(root, 'dist/src/contract/write-contract.js'), [document, sources])
  );
}

function run(what: string, script: string, parameters: readonly string[]): boolean {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...parameters], {
    cwd: root,
    encoding: 'utf8',
  });
  // Warnings.
  if (status === 0) process.stderr.write(stderr);
  if (status === 0) return true;
  // Where in tsoa its error was thrown says nothing of the controllers.
  const printed = what === 'tsoa' ? stderr.replaceAll(/^ +at .*\n/gm, '') : stderr;
  process.stderr.write(`${stdout}${printed}\n${what} failed.\n`);
  return false;
}

/** Removes what was compiled from sources that are gone: mocha and Node would go on finding it. */
function removeOrphans(): void {
  for (const folder of ['src', 'generated', 'test']) {
    const compiled = join(root, 'dist', folder);
    if (!existsSync(compiled)) continue;
    for (const file of readdirSync(compiled, { recursive: true, encoding: 'utf8' })) {
      const source = join(root, folder, file).replace(/\.js(\.map)?$/, '.ts');
      if (!existsSync(source)) rmSync(join(compiled, file), { recursive: true, force: true });
    }
  }
}

/** Puts what a browser gets as it is beside the scripts that are compiled for it. */
function copyPage(): void {
  const page = join(root, 'src/swagger-ui');
  for (const file of readdirSync(page)) {
    if (/\.(html|css|svg)$/.test(file)) cpSync(join(page, file), join(root, 'dist/src/swagger-ui', file));
  }
}
