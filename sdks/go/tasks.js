// How the Go client is made and tested: see tools/sdk.ts.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listBearerOperations } from '../../tools/sdk/bearer-operations.ts';

export const needs = ['go'];

/** oapi-codegen and gotestsum are pinned in tools/, so that the client's users do not get their dependencies. */
const tool = (name) => ['-C', 'tools', 'tool', name];

export async function generate({ document, folder, run }) {
  await run('go', [...tool('oapi-codegen'), '-config', 'oapi-codegen.yaml', document]);
  const lines = listBearerOperations(document).map(({ method, path }) => `\t{"${method}", "${path}"},\n`);
  writeFileSync(
    join(folder, 'generated/api/bearer_operations.go'),
    `package api\n\n// BearerOperations are those that take a bearer token: method and path.\nvar BearerOperations = [][2]string{\n${lines.join('')}}\n`,
  );
}

export async function test({ document, folder, run, env }) {
  const unformatted = (await run('gofmt', ['-l', '.'])).trim();
  if (unformatted !== '') throw new Error(`gofmt would change:\n${unformatted}`);
  await run('go', ['mod', 'tidy', '-diff']);
  await run('go', ['vet', './...']);
  const report = join(folder, 'build/report.xml');
  // The race detector needs a C compiler.
  const canFindRaces = (await run('go', ['env', 'CGO_ENABLED'])).trim() === '1';
  const command = [
    'go',
    '-C',
    '..',
    'test',
    '-json',
    '-count=1',
    ...(canFindRaces ? ['-race'] : []),
    './...',
  ];
  await run('go', [...tool('gotestsum'), `--junitfile=${report}`, '--raw-command', '--', ...command], {
    env: { ...env, LATCHKEY_DOCUMENT: document },
    report,
  });
}
