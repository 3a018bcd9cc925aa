import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listOperations } from '../../tools/sdk/operations.ts';
import { installPackages, runNodeTests } from '../../tools/sdk/node-package.ts';

export const needs = ['npm'];

export async function generate(context) {
  await installPackages(context);
  mkdirSync(join(context.folder, 'generated'), { recursive: true });
  await context.run('node', [
    'node_modules/openapi-typescript/bin/cli.js',
    context.document,
    ...['--output', 'generated/schema.ts'],
    ...['--root-types', '--root-types-no-schema-prefix', '--enum-values'],
    // A field with a default may be left out of a request.
    '--default-non-nullable=false',
  ]);
  writeFileSync(join(context.folder, 'generated/operations.ts'), renderOperations(context.document));
  // Tabs of a site that uses the client share tokens as the tabs of the service's own page do.
  copyFileSync(
    new URL('../../src/swagger-ui/turns.ts', import.meta.url),
    join(context.folder, 'generated/turns.ts'),
  );
}

function renderOperations(document) {
  const entries = listOperations(document).map(
    ({ method, path, takesToken, mediaTypes, renewsTokens }) =>
      // Pages load it: only those that renew tokens say so.
      `  ['${method} ${path}', ${JSON.stringify({ takesToken, mediaTypes, ...(renewsTokens && { renewsTokens }) })}],\n`,
  );
  return `export interface Operation {
  /** Whether it takes a bearer token. */
  readonly takesToken: boolean;
  /** The media types of its successful responses; an empty one stands for a response without a body. */
  readonly mediaTypes: readonly string[];
  /** Whether its response has the next tokens of the session. */
  readonly renewsTokens?: true;
}

/** The operations of the contract, by method and path. */
export const operations: ReadonlyMap<string, Operation> = new Map([
${entries.join('')}]);
`;
}

export async function test(context) {
  const { run, version, folder } = context;
  // Otherwise the package would contain the output of deleted sources.
  for (const compiled of ['dist', 'build']) rmSync(join(folder, compiled), { recursive: true, force: true });
  await run('node', ['node_modules/typescript/bin/tsc']);
  await run('node', ['node_modules/typescript/bin/tsc', '--project', 'test']);
  // As users compile the README's example: with "strict", and without this package's other options.
  await run('node', ['node_modules/typescript/bin/tsc', '--project', 'test/strict.tsconfig.json']);
  await run('eslint', ['--max-warnings', '0', 'src']);
  const env = { ...context.env, CONTRACT_VERSION: version };
  await runNodeTests(context, { env, report: 'build/report.xml' }, [
    ...tests,
    'build/test/browser.test.js',
    'build/test/react.test.js',
  ]);
  // The service's lockfile installs a newer Node.js; npm may run on one of the older versions that the SDK supports.
  const node = process.env.npm_node_execpath;
  if (node && (await run(node, ['--version'])) !== (await run('node', ['--version']))) {
    await runNodeTests(context, { env, report: 'build/report-of-npms-node.xml', node }, tests);
  }
}

const tests = ['client', 'second-factors', 'messages', 'refresh', 'storage', 'package'].map(
  (name) => `build/test/${name}.test.js`,
);
