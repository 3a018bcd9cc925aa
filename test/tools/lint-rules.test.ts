import { join } from 'node:path';
import { expect } from 'chai';
import { ESLint } from 'eslint';
import { checkout } from '../support/checkout.js';

const eslint = new ESLint({
  cwd: checkout,
  overrideConfigFile: join(checkout, 'eslint.config.js'),
  overrideConfig: { files: ['**/*.ts'], languageOptions: { parserOptions: { projectService: false } } },
  ruleFilter: ({ ruleId }) =>
    ruleId === '@typescript-eslint/no-restricted-imports' || ruleId === 'no-restricted-syntax',
});

async function lint(filePath: string, text: string): Promise<string[]> {
  const [result] = await eslint.lintText(text, { filePath: join(checkout, filePath) });
  return (result?.messages ?? []).map(({ message }) => message);
}

describe('The lint rules for kinds of files', function () {
  this.timeout(60_000);

  const refused: Readonly<Record<string, readonly [file: string, text: string, found: string]>> = {
    'a service that imports models': [
      'src/users/users.service.ts',
      "import { toUser } from './users.models.js';",
      'which the controller maps',
    ],
    'a service that imports types of models': [
      'src/users/users.service.ts',
      "import type { User } from './users.models.js';",
      'which the controller maps',
    ],
    'a store that imports types of models': [
      'src/users/users.store.ts',
      "import type { User } from './users.models.js';",
      'which the controller maps',
    ],
    'a service that knows Express': [
      'src/users/users.service.ts',
      "import type { Request } from 'express';",
      'Only controllers and what handles requests know Express',
    ],
    'a service with SQL': [
      'src/users/users.service.ts',
      "import { sql } from 'kysely';",
      'SQL lives in stores',
    ],
    'a controller that imports a store': [
      'src/users/users.controller.ts',
      "import { usersStore } from './users.store.js';",
      'A controller asks services',
    ],
    'a guard that imports the service': ['src/guard/guard.ts', "import '../ids.js';", 'without the rest'],
    'modules loaded by require': [
      'src/keys/key-ring.ts',
      "import { createRequire } from 'node:module'; createRequire(import.meta.url)('../authentication/login.service.js');",
      'loaded with require',
    ],
    'modules loaded by require of the module as a whole': [
      'src/keys/key-ring.ts',
      "import * as modules from 'node:module'; modules.createRequire(import.meta.url);",
      'loaded with require',
    ],
    'a constructor that takes six things': [
      'src/users/users.service.ts',
      'export class A { constructor(a: 1, b: 1, c: 1, d: 1, e: 1, f: 1) {} }',
      'no more than five things',
    ],
    'a controller that takes six services': [
      'src/users/users.controller.ts',
      'export class A { constructor(private readonly services: { a: 1; b: 1; c: 1; d: 1; e: 1; f: 1 }) {} }',
      'no more than five things',
    ],
  };
  for (const [what, [file, text, found]] of Object.entries(refused)) {
    it(`refuse ${what}`, async () => {
      const messages = await lint(file, text);
      expect(messages).to.have.length(1);
      expect(messages[0]).to.include(found);
    });
  }

  it('allow a controller its models, services, and Express', async () => {
    const text =
      "import type { Request } from 'express'; import type { User } from './users.models.js'; import type { A } from './users.service.js';";
    expect(await lint('src/users/users.controller.ts', text)).to.deep.equal([]);
  });
});
