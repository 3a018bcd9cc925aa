import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { contractFiles, readContract } from '../support/repository-contract.js';
import { toOpenApi31 } from '../../src/contract/to-openapi-31.js';
import { loadCheckTools } from '../support/check-tools.js';
import { checkout } from '../support/checkout.js';
import { temporaryFolder } from '../support/folders.js';

type Files = Readonly<Record<'3.0' | '3.1', string>>;
interface Linters {
  readonly runLinters: (files: Files) => Promise<readonly object[]>;
  readonly reportFindings: (
    linted: readonly object[],
    options: {
      readonly files: Files;
      readonly sources: object;
      readonly isProject?: boolean;
      readonly isBuilders?: (file: string) => boolean;
    },
  ) => string[];
}

type Node = Record<string, unknown>;

function change(node: Node, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) node[key] = value;
  else change(node[key] as Node, rest, value);
}

/** What `npm run check` asks linters. */
describe('The check of the contract', () => {
  const folder = temporaryFolder();
  let linters: Linters;
  before(async () => {
    const script = pathToFileURL(join(import.meta.dirname, '../../../tools/contract/lint.ts'));
    linters = (await import(script.href)) as Linters;
  });

  it('finds what a linter or one of this repository’s rules reports of a change', async function () {
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
    change(schemas, ['RoleList', 'properties', 'role_list'], {
      type: 'array',
      maxItems: 1,
      items: { $ref: '#/components/schemas/RoleName' },
      description: 'Its name.',
    });
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

    const sources = (await loadCheckTools()).readSources(checkout);
    const linted = await linters.runLinters(files);
    const found = linters.reportFindings(linted, { files, sources }).join('\n');
    // What is not in the sources is where it is used, or where its model is.
    for (const line of [
      'src/users/users.models.ts:\\d+: User.password_hash has the name of a column that is not to be shown. Leave it out, or add it to "shown" in tools/contract/own-rules.ts. (stored-field)',
      'src/[a-z/]+.models.ts:\\d+: Me.nested has a type without a name. Declare and export an interface for it, and name that. (named-schema)',
      'src/roles/roles.models.ts:\\d+: RoleList.role_list has the name of its model, which the Python SDK cannot have. Give one of the two another name. (model-name)',
      'src/roles/roles.models.ts:\\d+: Role.silent has no description. Write a comment above it. (described-property)',
      'src/[a-z/]+.models.ts:\\d+: Me.nested has no maximum length. Write "@maxLength 200", or what fits, in its comment. (owasp:api4:2023-string-limit)',
      'src/protected/protected.controller.ts:\\d+: GET /protected lacks the name of a type, or an example. Declare and export an interface for it, with "@example <JSON>" in its comment. (complete-operation)',
    ])
      expect(found).to.match(RegExp(`^${line.replaceAll(/[().:/"]/g, '\\$&')}$`, 'm'));
    expect(found).not.to.match(/^\/(paths|components\/schemas\/(User|Me|Role))\b/m);
    for (const rule of [
      'no-unused-components',
      'operation-summary',
      'operation-operationId-unique',
      'owasp:api4:2023-string-limit',
      'owasp:api4:2023-rate-limit',
    ])
      expect(found).to.include(`(${rule})`);

    const isBuilders = (file: string): boolean => file.startsWith('src/users/');
    const ofBuilders = linters.reportFindings(linted, { files, sources, isBuilders });
    expect(ofBuilders.join('\n')).not.to.include('(stored-field)');

    // What a project's own files do not have is none of its business.
    const none = { controllers: [], models: [] };
    const ofProject = linters.reportFindings(linted, { files, sources: none, isProject: true });
    expect(ofProject).to.deep.equal([]);
  });
});
