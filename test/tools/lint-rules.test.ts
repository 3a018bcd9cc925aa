import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { checkout } from '../support/checkout.js';
import { violations } from './lint-violations.js';

interface Finding {
  readonly filename: string;
  /** As `typescript(await-thenable)`. */
  readonly code: string;
  readonly labels: readonly { readonly span: { readonly line: number } }[];
}

interface Configuration {
  readonly overrides: readonly { readonly rules: Readonly<Record<string, unknown>> }[];
}

const files = ['oxlint.config.ts', 'tools/lint/rules.ts', 'tsconfig.json', 'package.json'];
const constructor = (parameters: string): string => `export class A { constructor(${parameters}) {} }`;

/** What only some files are held to: a violation of each. */
const ownRules: Readonly<Record<string, readonly [file: string, text: string]>> = {
  'latchkey/constructor-size': [
    'src/keys/six.ts',
    constructor('a: 1, b: 2, c: 3, d: 4, e: 5, readonly f: 6'),
  ],
  'latchkey/no-waiting-click': [
    'test/browser/click.ts',
    'export const f = (a: { click(): void }) => { a.click(); };',
  ],
};

const http = "import type {} from 'express';";
const router = "import 'express/lib/router.js';";
const tsoa = "import type {} from '@tsoa/runtime';";
const kysely = "import type {} from 'kysely';";
const dialect = "import 'kysely/helpers/postgres';";
const store = "import '../tokens/tokens.store.js';";
const models = "import type {} from '../tokens/tokens.models.js';";
const database = "import '../database/schema.js';";
const migrations = "import '../database/migrations/index.js';";
const outside = "import '../ids.js';";
const require = "import { createRequire } from 'node:module';";
const allImports = [
  ...[http, router, tsoa, kysely, dialect, store, models, database, migrations, outside, require],
];

/** What each kind of file may not import. */
const forbidden: Readonly<Record<string, readonly string[]>> = {
  'src/users/users.controller.ts': [kysely, dialect, store, database, migrations, require],
  'src/server/health.controller.ts': [kysely, dialect, store, database, migrations, require],
  'src/server/app.ts': [kysely, dialect, require],
  'src/latchkey.ts': [require],
  'src/users/users.service.ts': [http, router, tsoa, kysely, dialect, models, require],
  'src/users/users.store.ts': [http, router, tsoa, models, require],
  'src/database/schema.ts': [http, router, tsoa, require],
  'src/guard/guard.ts': allImports,
  'src/ids.ts': [http, router, tsoa, kysely, dialect, require],
  'test/users/users.test.ts': [],
};

describe('The lint', () => {
  let folder: string;
  let findings: readonly Finding[];
  before(function () {
    this.timeout(60_000);
    folder = mkdtempSync(join(tmpdir(), 'latchkey-lint-'));
    const write = (file: string, text: string): void => {
      mkdirSync(join(folder, dirname(file)), { recursive: true });
      writeFileSync(join(folder, file), `${text}\n`);
    };
    for (const file of files) {
      mkdirSync(join(folder, dirname(file)), { recursive: true });
      copyFileSync(join(checkout, file), join(folder, file));
    }
    symlinkSync(join(checkout, 'node_modules'), join(folder, 'node_modules'), 'junction');
    for (const [rule, text] of Object.entries(violations)) write(`src/violations/${nameOf(rule)}.ts`, text);
    for (const [file, text] of Object.values(ownRules)) write(file, text);
    write('src/keys/five.ts', constructor('a: 1, b: 2, c: 3, d: 4, readonly e: 5'));
    for (const file of Object.keys(forbidden)) write(file, allImports.join('\n'));
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [join(checkout, 'node_modules/oxlint/bin/oxlint'), '--format', 'json', 'src', 'test'],
      { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 26 },
    );
    expect(stderr).to.equal('');
    findings = (JSON.parse(stdout) as { diagnostics: readonly Finding[] }).diagnostics;
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const linesWith = (rule: string, file: string): number[] =>
    findings
      .filter(({ filename, code }) => filename === file && code.endsWith(`(${nameOf(rule)})`))
      .map(({ labels }) => labels[0]?.span.line ?? 0);

  it('finds a violation of each of its rules', async () => {
    const found = Object.keys(violations).filter(
      (rule) => linesWith(rule, `src/violations/${nameOf(rule)}.ts`).length > 0,
    );
    expect(found).to.deep.equal(Object.keys(violations));
    for (const [rule, [file]] of Object.entries(ownRules))
      expect(linesWith(rule, file), rule).not.to.be.empty;
    expect(linesWith('latchkey/constructor-size', 'src/keys/five.ts')).to.be.empty;
    const { default: configuration } = (await import(
      pathToFileURL(join(checkout, 'oxlint.config.ts')).href
    )) as { default: Configuration };
    const rules = new Set(configuration.overrides.flatMap((override) => Object.keys(override.rules)));
    rules.delete('no-restricted-imports');
    expect([...rules].sort()).to.deep.equal([...Object.keys(violations), ...Object.keys(ownRules)].sort());
  });

  for (const [file, lines] of Object.entries(forbidden)) {
    it(`finds what ${file} may not import`, () => {
      const found = linesWith('no-restricted-imports', file).map((line) => allImports[line - 1]);
      expect([...new Set(found)].sort()).to.deep.equal([...lines].sort());
    });
  }
});

function nameOf(rule: string): string {
  return rule.replace(/^.*\//, '');
}
