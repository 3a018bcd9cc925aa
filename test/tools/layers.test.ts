import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { cruise, type ICruiseOptions, type ICruiseResult, type IFlattenedRuleSet } from 'dependency-cruiser';
import { checkout } from '../support/checkout.js';

interface Configuration extends IFlattenedRuleSet {
  readonly options: ICruiseOptions;
}

/** What a clean checkout has, in small. */
const clean: Readonly<Record<string, string>> = {
  'generated/latchkey-routes.ts': "import '../src/users/users.controller.js';",
  'generated/routes.ts': "import '../src/protected/protected.controller.js';",
  'src/guard/guard.ts': 'export const guard = 1;',
  'src/ids.ts': 'export const id = 1;',
  'src/keys/key-ring.ts': "import { id } from '../ids.js'; export type Ring = typeof id;",
  'src/latchkey.ts': "export { start } from './server/main.js';",
  'src/project.ts': "import '../generated/routes.js'; import './services.js';",
  'src/protected/protected.controller.ts': "import '../latchkey.js';",
  'src/server/main.ts': "import '../../generated/latchkey-routes.js'; export const start = 1;",
  'src/services.ts': "import './latchkey.js';",
  'src/swagger-ui/access-token.ts':
    "import type { User } from '../users/users.models.js'; export type Token = User;",
  'src/users/users.controller.ts':
    "import type { Ring } from '../keys/key-ring.js'; export type Keys = Ring;",
  'src/users/users.models.ts': 'export type User = string;',
  'dist/src/ids.js': 'export const id = 1;',
  'package.json': '{ "name": "latchkey", "type": "module", "exports": { "./guard": "./dist/src/ids.js" } }',
  'test/support/clock.ts': 'export const clock = 1;',
  'tools/contract/lint.ts': 'export const lint = 1;',
  'tsconfig.json': '{ "compilerOptions": { "module": "NodeNext" } }',
};

describe('The rules of the layers', function () {
  this.timeout(60_000);

  let configuration: Configuration;
  let folder: string;
  before(async () => {
    const file = pathToFileURL(join(checkout, '.dependency-cruiser.js')).href;
    ({ default: configuration } = (await import(file)) as { default: Configuration });
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'latchkey-layers-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** What the rules say of the clean checkout with other files in it: `<rule>: <from> → <to>`. */
  async function check(files: Readonly<Record<string, string>>): Promise<string[]> {
    for (const [file, text] of Object.entries({ ...clean, ...files })) {
      mkdirSync(join(folder, dirname(file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    const { options, ...ruleSet } = configuration;
    const { output } = await cruise(['src', 'tools'], {
      ...options,
      ruleSet: { ...ruleSet, options: {} } as never,
      validate: true,
      baseDir: folder,
    });
    return (output as ICruiseResult).summary.violations.map(
      ({ rule, from, to }) => `${rule.name}: ${from} → ${to}`,
    );
  }

  it('allow what imports down', async () => {
    expect(await check({})).to.deep.equal([]);
  });

  const refused: Readonly<Record<string, readonly [file: string, text: string, found: string]>> = {
    'an import that runs upward': [
      'src/keys/bad.ts',
      "import '../users/users.models.js';",
      'keys imports upward: src/keys/bad.ts → src/users/users.models.ts',
    ],
    'a type that runs upward': [
      'src/keys/bad.ts',
      "import type { User } from '../users/users.models.js'; export type Bad = User;",
      'keys imports upward: src/keys/bad.ts → src/users/users.models.ts',
    ],
    'an import upward when it runs': [
      'src/keys/bad.ts',
      "export const bad = await import('../users/users.models.js');",
      'keys imports upward: src/keys/bad.ts → src/users/users.models.ts',
    ],
    'an import upward from the guard': [
      'src/guard/bad.ts',
      "import '../ids.js';",
      'guard imports upward: src/guard/bad.ts → src/ids.ts',
    ],
    'an import of Swagger UI': [
      'src/keys/bad.ts',
      "import '../swagger-ui/access-token.js';",
      'Swagger UI is served, not imported: src/keys/bad.ts → src/swagger-ui/access-token.ts',
    ],
    'code of the service in Swagger UI': [
      'src/swagger-ui/bad.ts',
      "import '../ids.js';",
      'Swagger UI runs in browsers: src/swagger-ui/bad.ts → src/ids.ts',
    ],
    'an import of a tool': [
      'src/keys/bad.ts',
      "import '../../tools/contract/lint.js';",
      'src imports src, generated and packages alone: src/keys/bad.ts → tools/contract/lint.ts',
    ],
    'an import of a test': [
      'src/keys/bad.ts',
      "import '../../test/support/clock.js';",
      'src imports src, generated and packages alone: src/keys/bad.ts → test/support/clock.ts',
    ],
    'an import of what is compiled': [
      'src/keys/bad.ts',
      "import '../../dist/src/ids.js';",
      'src imports src, generated and packages alone: src/keys/bad.ts → dist/src/ids.js',
    ],
    'an import of the package itself': [
      'src/keys/bad.ts',
      "import 'latchkey/guard';",
      'src imports src, generated and packages alone: src/keys/bad.ts → dist/src/ids.js',
    ],
    'an import of the generated routes below server': [
      'src/users/bad.ts',
      "import '../../generated/latchkey-routes.js';",
      'generated routes are mounted by server and the project alone: src/users/bad.ts → generated/latchkey-routes.ts',
    ],
    'an import of the project': [
      'src/server/bad.ts',
      "import '../services.js';",
      'Latchkey imports the project: src/server/bad.ts → src/services.ts',
    ],
    'an import of a folder that is no layer': [
      'src/keys/bad.ts',
      "import '../protected/protected.controller.js';",
      'Latchkey imports the project: src/keys/bad.ts → src/protected/protected.controller.ts',
    ],
    'an import of the project that is not from latchkey': [
      'src/reports/reports.ts',
      "import '../server/main.js';",
      'the project imports more than latchkey: src/reports/reports.ts → src/server/main.ts',
    ],
  };
  for (const [what, [file, text, found]] of Object.entries(refused)) {
    it(`refuse ${what}, and say it once`, async () => {
      expect(await check({ [file]: text })).to.deep.equal([found]);
    });
  }

  it('report the import that runs upward, not the rings that it makes', async () => {
    const ring = {
      'src/keys/key-ring.ts': "import '../users/users.controller.js'; export type Ring = string;",
    };
    expect(await check(ring)).to.deep.equal([
      'keys imports upward: src/keys/key-ring.ts → src/users/users.controller.ts',
    ]);
  });

  for (const [where, name] of [
    ['src/keys', 'a ring of imports within a layer'],
    ['src/reports', 'a ring of imports'],
    ['tools', 'a ring of imports'],
  ] as const) {
    it(`refuse files of ${where} that import each other`, async () => {
      const found = await check({
        [`${where}/a.ts`]: "import './b.js';",
        [`${where}/b.ts`]: "import './a.js';",
      });
      expect(found).to.include(`${name}: ${where}/a.ts → ${where}/b.ts`);
      expect(found.filter((line) => !line.startsWith(`${name}: ${where}/`))).to.deep.equal([]);
    });
  }
});
