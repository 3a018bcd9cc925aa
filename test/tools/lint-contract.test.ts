import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { contractFiles, readContract } from '../support/repository-contract.js';
import { toOpenApi31 } from '../../src/contract/to-openapi-31.js';
import { temporaryFolder } from '../support/folders.js';

type Lint = (files?: Readonly<Record<'3.0' | '3.1', string>>) => Promise<string[]>;

type Node = Record<string, unknown>;

function change(node: Node, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) node[key] = value;
  else change(node[key] as Node, rest, value);
}

/** What `npm run check` asks linters. */
describe('The check of the contract', () => {
  const folder = temporaryFolder();
  let lint: Lint;
  before(async () => {
    const script = pathToFileURL(join(import.meta.dirname, '../../../tools/contract/lint.ts'));
    ({ lintContract: lint } = (await import(script.href)) as { lintContract: Lint });
  });

  it('finds what a linter or a rule of our own has against a change', async function () {
    this.timeout(120_000); // four linters over a long document
    const document = JSON.parse(readFileSync(contractFiles.json, 'utf8')) as Node;
    const { schemas } = document['components'] as { schemas: Node };
    const { paths } = document as { paths: Node };
    change(schemas, ['User', 'properties', 'password_hash'], {
      type: 'string',
      maxLength: 100,
      pattern: '^a',
      description: 'Leaked.',
    });
    change(schemas, ['Me', 'properties', 'nested'], {
      type: 'object',
      description: 'Without a name.',
      properties: { deep: { type: 'string' } },
    });
    change(schemas, ['Role', 'properties', 'silent'], { type: 'boolean' });
    change(schemas, ['Unused'], { type: 'object' });
    change(paths, ['/protected', 'get', 'responses', '200', 'content', 'application/json'], {
      schema: { type: 'object' },
    });
    change(paths, ['/me', 'get', 'summary'], undefined);
    change(paths, ['/health/live', 'get', 'operationId'], 'getMe');
    change(paths, ['/login', 'post', 'responses', '200', 'headers'], {});
    const files = { '3.0': folder.path('3.0.json'), '3.1': folder.path('3.1.json') };
    writeFileSync(files['3.0'], JSON.stringify(document));
    writeFileSync(files['3.1'], JSON.stringify(toOpenApi31(readContract().document)));

    const found = (await lint(files)).join('\n');
    for (const line of [
      '/components/schemas/User/properties/password_hash: A table has a column password_hash; it is not to be shown. (stored-field)',
      '/components/schemas/Me/properties/nested: Give its type a name. (named-schema)',
      '/components/schemas/Role/properties/silent: Say what it is. (described-property)',
      '/paths/protected/get: A body has a schema without a name. (complete-operation)',
      '/paths/protected/get: A body has no example. (complete-operation)',
    ])
      expect(found).to.include(line);
    for (const rule of [
      'no-unused-components',
      'operation-summary',
      'operation-operationId-unique',
      'owasp:api4:2023-string-limit',
      'owasp:api4:2023-rate-limit',
    ])
      expect(found).to.include(`(${rule})`);
  });
});
