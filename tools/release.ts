// `npm run release`: what makes a release of the version that package.json names. Its tag starts the workflow that publishes
// (.github/workflows/release.yml), which is this script with `--publish`.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../bin/sources.js';
import { readCommandLine } from './command-line.ts';
import { dateChangelog, findReleaseErrors, type ReleaseState } from './release/checks.ts';

const usage = `Usage: npm run release [-- --dry-run] [--publish]

Dates the version in CHANGELOG.md, makes its contract the released one, commits and tags it.
  --dry-run   changes nothing: says what is in the way, and what would be run
  --publish   publishes to npm what "npm run pack" has made; the workflow of the tag runs it`;

const flag = { type: 'boolean', default: false } as const;
const given = readCommandLine(usage, { options: { 'dry-run': flag, publish: flag } });
if (given) release(given.values['dry-run'] === true, given.values['publish'] === true);

function release(isDry: boolean, isPublishing: boolean): void {
  const version = readVersionOf('package.json');
  const errors = findReleaseErrors(readState(version, isPublishing));
  for (const error of errors) console.error(error);
  if (errors.length > 0) process.exitCode = 1;
  if (errors.length > 0 && !isDry) return;
  const commands = isPublishing ? listPublishCommands() : listTagCommands(version);
  if (commands.length === 0) {
    console.error(
      'There is no package in dist/packages. Run "npm run pack -- latchkey create guard client" first.',
    );
    process.exitCode = 1;
  }
  for (const [program, ...words] of commands) {
    console.log(`${isDry ? 'would run' : 'runs'}: ${[program, ...words].join(' ')}`);
    if (isDry) continue;
    if (program === 'date')
      writeFileSync(join(root, 'CHANGELOG.md'), dateChangelog(read('CHANGELOG.md'), version, today()));
    else if (spawnSync(program, words, { cwd: root, stdio: 'inherit' }).status !== 0) {
      process.exitCode = 1;
      return;
    }
  }
  if (!isPublishing) console.log('The workflow of the tag publishes: git push --follow-tags');
}

type Command = readonly [program: string, ...words: string[]];

function listTagCommands(version: string): Command[] {
  return [
    // Before the released contract is replaced.
    ['npm', 'run', 'contract:diff'],
    ['date', 'the version', 'in', 'CHANGELOG.md'],
    ['npm', 'run', 'contract:release'],
    ['git', 'commit', '--all', '--message', `Release ${version}`],
    ['git', 'tag', '--annotate', `v${version}`, '--message', version],
  ];
}

function listPublishCommands(): Command[] {
  const folder = join(root, 'dist/packages');
  const packed = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.tgz')) : [];
  return packed.map((name) => [
    'npm',
    'publish',
    `./dist/packages/${name}`,
    '--provenance',
    '--access',
    'public',
  ]);
}

function readState(version: string, isPublishing: boolean): ReleaseState {
  const tags = git('tag', '--list').split('\n');
  return {
    version,
    versions: {
      'the contract': (JSON.parse(read('generated/openapi.json')) as { info: { version: string } }).info
        .version,
      ...Object.fromEntries(
        ['packages/create-latchkey', 'packages/guard', 'sdks/typescript'].map((folder) => [
          `${folder}/package.json`,
          readVersionOf(`${folder}/package.json`),
        ]),
      ),
      'sdks/java/pom.xml': /<version>([^<]+)<\/version>/.exec(read('sdks/java/pom.xml'))?.[1],
      ...Object.fromEntries(
        ['guards/python/pyproject.toml', 'sdks/python/pyproject.toml'].map((file) => [
          file,
          /^version = "([^"]+)"$/m.exec(read(file))?.[1],
        ]),
      ),
    },
    changelog: read('CHANGELOG.md'),
    changes: git('status', '--porcelain'),
    isTagged: tags.includes(`v${version}`),
    isPublishing,
  };
}

function git(...words: readonly string[]): string {
  return spawnSync('git', words, { cwd: root, encoding: 'utf8' }).stdout;
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

function readVersionOf(file: string): string {
  return (JSON.parse(read(file)) as { version: string }).version;
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}
