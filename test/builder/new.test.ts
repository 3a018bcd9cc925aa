import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ProjectCopy } from '../support/project-copy.js';
import { checkout } from '../support/checkout.js';

interface Contract {
  readonly tags: readonly object[];
  readonly paths: Readonly<Record<string, unknown>>;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly example?: unknown }>> };
}

/** What is made, and from which words. */
const features = [
  { words: ['reports'], folder: 'reports', type: 'Report', operationId: 'listReports', tag: 'Reports' },
  {
    words: ['audit-logs'],
    folder: 'audit-logs',
    type: 'AuditLog',
    operationId: 'listAuditLogs',
    tag: 'Audit logs',
  },
  { words: ['people', 'person'], folder: 'people', type: 'Person', operationId: 'listPeople', tag: 'People' },
  { words: ['weather'], folder: 'weather', type: 'Weather', operationId: 'listWeather', tag: 'Weather' },
] as const;

const choose = /Choose another name\.$/m;

describe('npm run new', () => {
  let project: ProjectCopy;
  let services: string;
  before(() => {
    project = new ProjectCopy({ built: true });
    services = read('src/services.ts');
  });
  after(() => {
    project.remove();
  });

  const read = (file: string): string => readFileSync(project.path(file), 'utf8');
  const make = (...words: readonly string[]) => project.run('tools/new.ts', ...words);
  const contract = (): Contract => JSON.parse(read('generated/openapi.json')) as Contract;

  /** Everything in the sources, the tests and what is generated. */
  const fingerprint = (): string => {
    const hash = createHash('sha256');
    for (const folder of ['src', 'test', 'generated']) {
      const files = readdirSync(project.path(folder), { recursive: true, encoding: 'utf8' }).sort();
      for (const file of files) {
        hash.update(file);
        const name = join(folder, file);
        if (statSync(project.path(name)).isFile()) hash.update(read(name));
      }
    }
    return hash.digest('hex');
  };

  const refuses = (words: readonly string[], ...messages: readonly RegExp[]): void => {
    const before = fingerprint();
    const { status, stdout, stderr } = make(...words);
    expect({ status, stdout }).to.deep.equal({ status: 1, stdout: '' });
    for (const message of [...messages, /^Nothing was written\.$/m]) expect(stderr).to.match(message);
    expect(fingerprint()).to.equal(before);
  };

  it('says how it is used where the words are missing, too many, or a wish for help', () => {
    for (const [words, exitCode] of [
      [[], 2],
      [['a-name', 'one', 'more'], 2],
      [['--help'], 0],
      [['--unknown'], 2],
      [['reports', '--with', 'chairs'], 2],
    ] as const) {
      const { status, stdout, stderr } = make(...words);
      expect(status).to.equal(exitCode);
      expect(exitCode === 0 ? stdout : stderr).to.match(
        /^Usage: npm run new -- <plural> \[<singular>\] \[--with table\] \[--undo\]$/m,
      );
      expect(exitCode === 0 ? stderr : stdout).to.equal('');
    }
  });

  describe('refuses, and writes nothing, where the name', () => {
    for (const [what, words, ...messages] of [
      ['has capitals', ['AuditLogs'], /"AuditLogs" is no name: .* Did you mean "audit-logs"\?/],
      ['has other signs', ['../reports'], /"..\/reports" is no name: .* Did you mean "reports"\?/],
      ['has digits', ['v2'], /"v2" is no name: write lower-case letters, and a hyphen between words/],
      ['is a single letter', ['x'], /"x" is no name/],
      [
        'has another that will not do',
        ['people', 'Person'],
        /"Person" is no name: .* Did you mean "person"\?/,
      ],
      ['is too long', ['a'.repeat(41)], /has more than 40 letters\./, choose],
      ['is a word of TypeScript', ['class'], /"class" is a word of TypeScript\./, choose],
      ['is that of a global type', ['errors'], /would be called Error, .*: npm run new -- errors <word>/],
      [
        'is that of a type the files use',
        ['routes'],
        /would be called Route, .*: npm run new -- routes <word>/,
      ],
      ['is that of a folder', ['oauth'], /^There is src\/oauth already\.$/m, choose],
      ['is that of a file', ['hooks'], /^There is src\/hooks\.ts already\.$/m, choose],
      ['is that of tests', ['process'], /^There is test\/process already\.$/m],
      ['is that of a route', ['login'], /^There is POST \/login already, at src\/authentication\/.*:\d+\.$/m],
      ['is that of Swagger UI', ['docs'], /^There is Swagger UI at \/docs already\.$/m],
      [
        'makes an operationId twice',
        ['sessions'],
        /^There is an operationId listSessions already, at src\/.*:\d+\.$/m,
      ],
      [
        'makes a model twice',
        ['user'],
        /^There is a model User already, at src\/users\/users\.models\.ts:\d+\.$/m,
      ],
      ['makes a list twice', ['role-lists'], /^There is a model RoleList already, at src\/roles\/.*:\d+\.$/m],
      [
        'makes a model of the contract twice',
        ['problem-codes'],
        /^There is a model ProblemCode already, at generated\/openapi\.json, unless that is old/m,
      ],
      [
        'makes a tag twice',
        ['gateways'],
        /^There is a tag "Gateways" already, at src\/authentication\/.*:\d+\.$/m,
      ],
      ['is that of a service', ['accounts'], /^There is a service "accounts" already/m],
    ] as const) {
      it(what, () => {
        refuses(words, ...messages);
      });
    }
  });

  describe('makes features, one after the other,', () => {
    for (const { words, folder, type } of features) {
      it(`${folder}: says what it made, and what to do next`, () => {
        const { status, stdout, stderr } = make(...words);
        expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
        expect(stdout).to.match(
          new RegExp(`^Made GET /${folder}, for callers with the permission ${folder}:read.`),
        );
        expect(stdout).to.match(
          new RegExp(`src/${folder}/${folder}.models.ts +what clients see: ${type} and`),
        );
        expect(stdout).to.include(`npm run test:one -- ${folder}`);
        for (const part of ['controller', 'models', 'service'])
          expect(existsSync(project.path(`src/${folder}/${folder}.${part}.ts`)), part).to.equal(true);
      });
    }

    it('and refuses what would clash with one of them, built or not', () => {
      refuses(['reports'], /^There is src\/reports already\.$/m);
      refuses(['report'], /^There is a model Report already, at src\/reports\/reports\.models\.ts:7\.$/m);
    });

    it('which build', () => {
      const { status, stderr } = project.run('tools/build.ts', '--with-tests');
      expect(stderr).to.equal('');
      expect(status).to.equal(0);
    });

    for (const { folder, type, operationId, tag } of features) {
      it(`of which ${folder} is in the contract, completely`, () => {
        const { paths, tags, components } = contract();
        expect(paths[`/${folder}`]).to.have.all.keys('get');
        const operation = paths[`/${folder}`] as { get: Record<string, unknown> };
        expect(operation.get).to.deep.include({
          operationId,
          tags: [tag],
          summary: `List ${tag.toLowerCase()}`,
          description: `All ${tag.toLowerCase()}.\n\nPermission: \`${folder}:read\`.`,
          security: [{ bearer: [] }],
          'x-required-permissions': [`${folder}:read`],
        });
        expect(operation.get).to.have.nested.property('responses.401');
        expect(operation.get).to.have.nested.property('responses.403');
        const response = 'responses.200.content.application/json';
        expect(operation.get).to.have.nested.property(
          `${response}.schema.$ref`,
          `#/components/schemas/${type}List`,
        );
        expect(operation.get).to.have.nested.property(`${response}.example`);
        expect(tags).to.deep.include({ name: tag, description: `The ${tag.toLowerCase()}.` });
        expect(components.schemas[type]?.example).to.be.an('object');
      });
    }

    it('which pass their own tests, and those of the contract', () => {
      const tests = [...features.map(({ folder }) => folder), 'contract'].map((name) => `dist/test/${name}`);
      const { status, stdout } = project.run(
        'node_modules/mocha/bin/mocha.js',
        ...['--no-config', '--recursive', '--timeout', '60000', '--reporter', 'dot', ...tests],
      );
      expect(stdout)
        .to.match(/\d+ passing/)
        .and.not.to.include('failing');
      expect(status).to.equal(0);
    });

    it('which are formatted, pass the lint, and leave nothing unused', () => {
      const files = features.flatMap(({ folder }) => [`src/${folder}`, `test/${folder}`]);
      for (const [script, ...parameters] of [
        ['node_modules/oxfmt/bin/oxfmt', '--check', 'src/services.ts', ...files],
        ['node_modules/oxlint/bin/oxlint', 'src/services.ts', ...files],
        ['node_modules/knip/bin/knip.js'],
      ] as const) {
        const { status, stdout, stderr } = project.run(script, ...parameters);
        expect(status, `${stdout}${stderr}`).to.equal(0);
      }
    });

    it('of which --undo removes none that was changed', () => {
      const file = 'src/weather/weather.models.ts';
      const text = read(file);
      writeFileSync(project.path(file), `${text}// Changed.\n`);
      const { status, stderr } = make('weather', '--undo');
      expect(status).to.equal(1);
      expect(stderr).to.match(
        /^Nothing was removed: src\/weather\/weather\.models\.ts is not as it was made\./,
      );
      writeFileSync(project.path(file), text);
    });

    it('of which --undo leaves nothing', () => {
      for (const { words, folder } of features) {
        const { status, stdout, stderr } = make(...words, '--undo');
        expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
        expect(stdout).to.include(`  src/${folder}/${folder}.controller.ts\n`);
      }
      expect(make('reports', '--undo').stderr).to.match(/^There is nothing that was made as "reports"\.$/m);
      expect(read('src/services.ts')).to.equal(services);
      expect(project.run('tools/build.ts', '--with-tests').stderr).to.equal('');
      for (const file of ['openapi.json', 'routes.ts']) {
        const before = readFileSync(join(checkout, 'generated', file), 'utf8');
        expect(read(`generated/${file}`) === before, file).to.equal(true);
      }
      for (const { folder } of features) {
        for (const part of ['dist/src', 'dist/test'])
          expect(existsSync(project.path(`${part}/${folder}`)), folder).to.equal(false);
      }
    });
  });

  it('makes a feature with a table, and removes it again', () => {
    const migrations = read('src/migrations/index.ts');
    expect(make('invoices', '--with', 'table').stderr).to.equal('');
    expect(read('src/migrations/index.ts')).to.match(/^ {2}'0001-invoices': invoices,$/m);
    const loadBuilt = project.run('tools/build.ts', '--with-tests');
    expect(loadBuilt.stderr).to.equal('');
    const tests = ['--no-config', '--timeout', '60000', '--reporter', 'dot', 'dist/test/invoices/*.test.js'];
    const { status, stdout } = project.run('node_modules/mocha/bin/mocha.js', ...tests);
    expect(status, stdout).to.equal(0);
    const files = ['src/services.ts', 'src/migrations', 'src/invoices', 'test/invoices'];
    const formatted = project.run('node_modules/oxfmt/bin/oxfmt', '--check', ...files);
    expect(formatted.status, formatted.stderr).to.equal(0);
    const linted = project.run('node_modules/oxlint/bin/oxlint', ...files);
    expect(linted.status, linted.stdout).to.equal(0);
    const undone = make('invoices', '--undo');
    expect(undone.stdout).to.include('  src/migrations/0001-invoices.ts\n');
    expect(undone.stdout).to.include('A database on which its migration has run keeps the table');
    expect(read('src/migrations/index.ts')).to.equal(migrations);
    expect(read('src/services.ts')).to.equal(services);
  });
});
