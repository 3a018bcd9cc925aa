import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { copyEnvironment, ProjectCopy } from '../support/project-copy.js';
import { checkout } from '../support/checkout.js';
import { until } from '../support/until.js';

/** What is said of each mistake is in test/tools/check-controllers.test.ts; here it is the build that says it. */
describe('A build', () => {
  let project: ProjectCopy;
  let sound: string;
  let contract: string;
  const file = 'src/reports/reports.controller.ts';
  before(() => {
    project = new ProjectCopy({ built: true });
    expect(project.run('tools/new.ts', 'reports').status).to.equal(0);
    sound = readFileSync(project.path(file), 'utf8');
    // What a build that works has remembered spares each that fails the check of all files.
    expect(project.run('tools/build.ts')).to.include({ status: 0 });
    contract = readFileSync(project.path('generated/openapi.json'), 'utf8');
  });
  after(() => {
    project.remove();
  });

  const build = (source: string): string => {
    writeFileSync(project.path(file), source);
    const { status, stderr } = project.run('tools/build.ts');
    expect(status).to.equal(1);
    expect(existsSync(project.path('dist/build.stamp'))).to.equal(false);
    expect(readFileSync(project.path('generated/openapi.json'), 'utf8') === contract).to.equal(true);
    return stderr;
  };

  it('fails on an operation that does not say who may call it, as docs/add-an-operation.md shows, and never mounts it for anyone', () => {
    const stderr = build(sound.replace(/ +@Security.*\n/, '').replace('return {', 'return missing && {'));
    const [error = ''] = stderr.split('\n');
    expect(error).to.match(
      /^src\/reports\/reports\.controller\.ts:\d+: GET \/reports does not say who may call it\./,
    );
    expect(readFileSync(join(checkout, 'docs/add-an-operation.md'), 'utf8')).to.include(`\n${error}\n`);
    expect(readFileSync(project.path('generated/routes.ts'), 'utf8')).to.match(
      /handler: 'listReports',\s+parameters: \{\s+\},\s+security: \[\{"bearer":\[\]\}\],/,
    );
    // TypeScript's own errors are beside it.
    expect(stderr).to.match(/^src\/reports\/reports\.controller\.ts:\d+:\d+: .*'missing'/m);
  });

  it('says what to write for a permission without a list, and nothing of generated/, which it breaks', () => {
    const stderr = build(sound.replace(/@Security\('bearer', \[('[^']+')\]\)/, "@Security('bearer', $1)"));
    const [first = ''] = stderr.split('\n');
    expect(first).to.match(
      /^src\/reports\/reports\.controller\.ts:\d+: @Security has the permission 'reports:read' without a list\. Write @Security\('bearer', \['reports:read'\]\)\.$/,
    );
    expect(stderr).not.to.match(/^generated\//m);
  });

  it('reports the place of what tsoa fails on, too', () => {
    const stderr = build(sound.replace("@Route('reports')", "@Route('roles')"));
    // Its own message names neither.
    expect(stderr).not.to.match(/Duplicate method signature/);
    expect(stderr).not.to.match(/^ +at /m);
    expect(stderr).to.match(
      /^src\/reports\/reports\.controller\.ts:\d+: GET \/roles is at src\/roles\/roles\.controller\.ts:\d+ already\./m,
    );
  });

  it('that fails leaves unchecked what needs it, without a stack, and no more', () => {
    writeFileSync(project.path(file), sound.replace('return {', 'return missing && {'));
    const dist = project.path('dist');
    const kept = `${project.folder}-dist`;
    const check = (): void => {
      const { status, stdout, stderr } = project.run('tools/check.ts', 'generated', 'tables', 'layers');
      expect(status).to.equal(1);
      expect(stdout).to.match(
        /^FAILED {2}types, and generated files up to date\nsrc\/reports\/reports\.controller\.ts:\d+:\d+: .*'missing'/m,
      );
      expect(stdout).to.match(/^1 passed, 1 failed, 1 not checked$/m);
      expect(stdout + stderr).not.to.match(/^ +at /m);
    };
    check();
    renameSync(dist, kept);
    try {
      check();
    } finally {
      rmSync(dist, { recursive: true, force: true });
      renameSync(kept, dist);
    }
  });

  for (const [name, change, says] of [
    ['tsoa.json', () => '{ "spec": ', /^tsoa\.json:1: This is no JSON: /],
    [
      'tsoa.json',
      (text: string) => text.replace('"spec"', '"spek"'),
      /^tsoa\.json has "spek", which is no member of it\. There are: /,
    ],
    [
      'src/project.ts',
      (text: string) => text.replace('export default ', 'export const project = '),
      /^src\/project\.ts:1: There is no default export\. Write "export default /m,
    ],
  ] as const) {
    it(`says what is wrong with ${name}: ${says.source}`, () => {
      const text = readFileSync(project.path(name), 'utf8');
      writeFileSync(project.path(file), sound);
      writeFileSync(project.path(name), change(text));
      const { status, stderr } = project.run('tools/build.ts');
      writeFileSync(project.path(name), text);
      expect(status).to.equal(1);
      expect(stderr).to.match(says);
      expect(stderr).not.to.match(/^ +at /m);
    });
  }

  it('reports the place of what completing the contract finds', () => {
    const refused = "@Response<ProblemDetails>(409, 'No: `user_not_found`.')";
    const problem = "import type { ProblemDetails } from '../problems/problem.models.js';";
    const stderr = build(
      `${problem}\n${sound.replace('Get, Route', 'Get, Response, Route').replace('  @Get()', `  @Get()\n  ${refused}`)}`,
    );
    expect(stderr).to.match(
      /^src\/reports\/reports\.controller\.ts:\d+: GET \/reports: 409 names user_not_found, whose status is 404/m,
    );
  });

  it('leaves the compiled code right, with the tests and without, whichever was built last', () => {
    writeFileSync(project.path(file), sound);
    const kind = 'src/reports/kind.ts';
    writeFileSync(
      project.path('src/reports/kinds.ts'),
      "import { kind } from './kind.js';\nexport const kinds = [kind];\n",
    );
    for (const [word, parameters] of [
      ['one', ['--with-tests']],
      ['two', []],
      ['one', ['--with-tests']],
    ] as const) {
      writeFileSync(project.path(kind), `export const kind = '${word}' as const;\n`);
      expect(project.run('tools/build.ts', ...parameters)).to.include({ status: 0 });
      expect(readFileSync(project.path('dist/src/reports/kind.js'), 'utf8')).to.include(`'${word}'`);
      // Inferred of the other file: its own text is the same each time.
      expect(readFileSync(project.path('dist/src/reports/kinds.d.ts'), 'utf8')).to.include(`"${word}"`);
    }
  });

  it('treats what is edited while it compiles as changed', async () => {
    writeFileSync(project.path(file), sound);
    rmSync(project.path('dist'), { recursive: true });
    const building = spawn(process.execPath, ['tools/build.ts'], {
      cwd: project.folder,
      env: copyEnvironment(),
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const ended = once(building, 'exit');
    // It creates this folder when it has read the sources.
    await until(() => existsSync(project.path('dist/contract')));
    writeFileSync(project.path(file), `${sound}\n// Edited meanwhile.\n`);
    expect(await ended).to.deep.equal([0, null]);
    const sources = (await import(pathToFileURL(project.path('bin/sources.js')).href)) as {
      isStale: () => boolean;
    };
    expect(sources.isStale()).to.equal(true);
    expect(project.run('tools/build.ts')).to.include({ status: 0, stderr: '' });
    expect(sources.isStale()).to.equal(false);
  });
});
