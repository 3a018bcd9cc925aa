import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bearerOperations } from '../../bin/sdk/contract.js';

export const needs = ['npm'];

export async function generate({ document, folder, run }) {
  await install({ folder, run });
  mkdirSync(join(folder, 'generated'), { recursive: true });
  await run('node', [
    'node_modules/openapi-typescript/bin/cli.js',
    document,
    ...['--output', 'generated/schema.ts'],
    '--root-types',
    '--root-types-no-schema-prefix',
    '--enum-values',
    // A field with a default may be left out of a request.
    '--default-non-nullable=false',
  ]);
  const lines = bearerOperations(document).map(({ method, path }) => `  '${method} ${path}',\n`);
  writeFileSync(
    join(folder, 'generated/operations.ts'),
    `/** The operations that take a bearer token. */\nexport const bearerOperations: ReadonlySet<string> = new Set([\n${lines.join('')}]);\n`,
  );
}

export async function test({ folder, version, run, env }) {
  await run('eslint', ['--max-warnings', '0', 'src']);
  await run('node', ['node_modules/typescript/bin/tsc']);
  await run('node', ['node_modules/typescript/bin/tsc', '--project', 'test']);
  await runOn('node', 'build/report.xml', {});
  // The lockfile of the service brings a newer Node; npm may have come with one of those that we promise to run on.
  const another = process.env.npm_node_execpath;
  if (
    another &&
    Number((await run(another, ['--version'])).slice(1).split('.')[0]) !== (await majorOfOurs())
  ) {
    await runOn(another, 'build/report-of-npms-node.xml', { WITHOUT_BROWSER: 'true' });
  }

  async function majorOfOurs() {
    return Number((await run('node', ['--version'])).slice(1).split('.')[0]);
  }

  async function runOn(node, report, more) {
    const reporters = { junit: report, spec: 'stdout' };
    const parameters = Object.entries(reporters).flatMap(([reporter, destination]) => [
      `--test-reporter=${reporter}`,
      `--test-reporter-destination=${destination}`,
    ]);
    await run(node, ['--test', ...parameters, ...tests], {
      env: { ...env, ...more, CONTRACT_VERSION: version },
      report: join(folder, report),
    });
  }
}

const tests = ['client', 'refresh', 'storage', 'browser', 'package'].map(
  (name) => `build/test/${name}.test.js`,
);

/** Installs what the lockfile says, where that is not what is there. */
async function install({ folder, run }) {
  const wanted = readFileSync(join(folder, 'package-lock.json'), 'utf8');
  const stamp = join(folder, 'node_modules/.installed-lock.json');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  await run('npm', ['ci', '--no-audit', '--no-fund']);
  writeFileSync(stamp, wanted);
}
