import { join } from 'node:path';
import { expect } from 'chai';
import { ESLint } from 'eslint';
import { checkout } from '../support/checkout.js';

type Rule = readonly [severity: number, options: { readonly patterns: readonly { group: string[] }[] }];

describe('What may not be imported', () => {
  const eslint = new ESLint({ cwd: checkout });
  for (const [file, forbidden, allowed] of [
    ['src/users/users.controller.ts', ['kysely', '**/*.store.js', '**/database/*'], ['express']],
    ['src/server/health.controller.ts', ['kysely', '**/*.store.js', '**/database/*'], ['express']],
    ['src/server/app.ts', ['kysely'], ['express']],
    ['src/users/users.service.ts', ['kysely', 'express', '**/*.models.js'], []],
    ['src/users/users.store.ts', ['express', '**/*.models.js'], ['kysely']],
    ['src/database/schema.ts', ['express'], ['kysely']],
    ['src/guard/guard.ts', ['../*', 'express', 'kysely'], []],
    ['src/ids.ts', ['express', 'kysely'], []],
  ] as const) {
    it(`has ${forbidden.join(', ')} for ${file}`, async () => {
      const { rules } = (await eslint.calculateConfigForFile(join(checkout, file))) as {
        readonly rules: Readonly<Record<string, Rule>>;
      };
      const [, { patterns } = { patterns: [] }] = rules['@typescript-eslint/no-restricted-imports'] ?? [];
      const groups = patterns.flatMap(({ group }) => group);
      expect(groups).to.include.members([...forbidden, 'node:module']);
      for (const name of allowed) expect(groups).not.to.include(name);
    });
  }
});
