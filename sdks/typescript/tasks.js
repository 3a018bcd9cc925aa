import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listBearerOperations } from '../../tools/sdk/bearer-operations.ts';
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
  const lines = listBearerOperations(context.document).map(({ method, path }) => `  '${method} ${path}',\n`);
  writeFileSync(
    join(context.folder, 'generated/operations.ts'),
    `/** The operations that take a bearer token. */\nexport const bearerOperations: ReadonlySet<string> = new Set([\n${lines.join('')}]);\n`,
  );
  // Tabs of a site that uses the client share tokens as the tabs of the service's own page do.
  copyFileSync(
    join(context.folder, '../../src/swagger-ui/turns.ts'),
    join(context.folder, 'generated/turns.ts'),
  );
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
  await runNodeTests(context, { env, report: 'build/report.xml' }, [...tests, 'build/test/browser.test.js']);
  // The service's lockfile installs a newer Node.js; npm may run on one of the older versions that the SDK supports.
  const node = process.env.npm_node_execpath;
  if (node && (await run(node, ['--version'])) !== (await run('node', ['--version']))) {
    await runNodeTests(context, { env, report: 'build/report-of-npms-node.xml', node }, tests);
  }
}

const tests = ['client', 'refresh', 'storage', 'package'].map((name) => `build/test/${name}.test.js`);
