import { installPackages, runNodeTests } from '../../../tools/sdk/node-package.ts';

export const needs = ['npm'];

export async function generate(context) {
  await installPackages(context);
  await context.run('node', [
    'node_modules/@hey-api/openapi-ts/bin/run.js',
    ...['--input', context.document, '--output', 'generated'],
    ...['--client', '@hey-api/client-fetch', '--plugins', '@hey-api/typescript', '@hey-api/sdk'],
    '--no-log-file',
  ]);
}

export async function test(context) {
  await context.run('node', ['node_modules/typescript/bin/tsc']);
  await runNodeTests(context, { env: context.env, report: 'build/report.xml' }, ['build/hey-api.test.js']);
}
