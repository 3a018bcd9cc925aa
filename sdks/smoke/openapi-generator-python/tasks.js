import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runMaven } from '../../../tools/sdk/maven.ts';

const python = process.platform === 'win32' ? 'python' : 'python3';
export const needs = [
  'java',
  'mvn',
  [
    python,
    '-c',
    'import ensurepip, sys, venv; sys.exit("3.10 or newer" if sys.version_info < (3, 10) else 0)',
  ],
];

export async function generate({ document, folder, run }) {
  rmSync(join(folder, 'generated'), { recursive: true, force: true });
  await runMaven(run, ['openapi-generator:generate', `-Dlatchkey.document=${document}`]);
}

export async function test({ folder, run, env }) {
  const venv = join(folder, 'build/venv');
  const inVenv = (name) => join(venv, process.platform === 'win32' ? 'Scripts' : 'bin', name);
  const pip = (...parameters) =>
    run(inVenv('python'), ['-m', 'pip', '--disable-pip-version-check', 'install', '--quiet', ...parameters]);

  const wanted = readFileSync(join(folder, 'requirements.txt'), 'utf8');
  const stamp = join(venv, 'requirements.txt');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    rmSync(venv, { recursive: true, force: true });
    await run(python, ['-m', 'venv', venv]);
    await pip('-r', 'requirements.txt');
    writeFileSync(stamp, wanted);
  }
  await pip('--force-reinstall', '--no-deps', '--no-build-isolation', './generated');
  const report = join(folder, 'build/report.xml');
  await run(
    inVenv('python'),
    ['-m', 'pytest', '-p', 'no:cacheprovider', `--junitxml=${report}`, 'test_client.py'],
    {
      env,
      report,
    },
  );
}
