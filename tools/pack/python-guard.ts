import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../bin/sources.js';
import { run } from './run.ts';
import { checkVersion } from './version.ts';

const packageFolder = join(root, 'guards/python');
const python = process.platform === 'win32' ? 'python' : 'python3';

/** Has the wheel and the sdist made by the backend that pyproject.toml names. */
export function packPythonGuard(folder: string): readonly string[] {
  const project = readFileSync(join(packageFolder, 'pyproject.toml'), 'utf8');
  checkVersion('guards/python/pyproject.toml', /^version = "([^"]+)"$/m.exec(project)?.[1]);
  const [, backend] = /^requires = \["([^"]+)"\]$/m.exec(project) ?? [];
  if (backend === undefined) throw new Error('guards/python/pyproject.toml does not name one build backend.');
  // From a copy: a build leaves its products beside the sources.
  const staging = join(folder, 'python-guard');
  rmSync(staging, { recursive: true, force: true });
  for (const part of ['src', 'pyproject.toml', 'README.md', 'LICENSE'])
    cpSync(join(packageFolder, part), join(staging, part), {
      recursive: true,
      filter: (path) => !path.includes('__pycache__') && !path.endsWith('.egg-info'),
    });
  const build = `import sys, setuptools.build_meta as b; print(b.build_wheel(${JSON.stringify(folder)})); print(b.build_sdist(${JSON.stringify(folder)}))`;
  const printed = run(staging, prepareEnvironment(folder, backend), '-c', build);
  return printed.split(/\r?\n/).filter((line) => /^latchkey_guard-[^/]*(?:\.whl|\.tar\.gz)$/.test(line));
}

/** A virtual environment with the backend alone. @returns its interpreter. */
function prepareEnvironment(folder: string, backend: string): string {
  const environment = join(folder, 'python-build');
  const bin = process.platform === 'win32' ? 'Scripts' : 'bin';
  const interpreter = join(environment, bin, 'python');
  const stamp = join(environment, 'backend.txt');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === backend) return interpreter;
  rmSync(environment, { recursive: true, force: true });
  run(folder, python, '-m', 'venv', environment);
  run(folder, interpreter, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', backend);
  writeFileSync(stamp, backend);
  return interpreter;
}
