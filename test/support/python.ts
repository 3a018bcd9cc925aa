import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from './service-process.js';

/** Kept between runs: making it takes a quarter of a minute. */
const venv = join(checkout, 'dist/interop-venv');
const requirements = join(checkout, 'test/interop/requirements.txt');
const stamp = join(venv, 'requirements.txt');
/** Where its commands are. */
export const pythonFolder = join(venv, process.platform === 'win32' ? 'Scripts' : 'bin');

/** Whether there is a Python that can make a virtual environment. */
export function hasPython(): boolean {
  return spawnSync('python3', ['-c', 'import ensurepip, venv']).status === 0;
}

/** Makes a virtual environment with the packages of requirements.txt, where there is none or another one. */
export function preparePython(): void {
  const wanted = readFileSync(requirements, 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  rmSync(venv, { recursive: true, force: true });
  run('python3', ['-m', 'venv', venv]);
  run(join(pythonFolder, 'pip'), ['install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
  writeFileSync(stamp, wanted);
}

/** Runs a check of test/interop/parties.py, and has what it found. */
export function runCheck(check: string, input: object): unknown {
  return JSON.parse(
    run(join(pythonFolder, 'python'), [join(checkout, 'test/interop/parties.py'), check], input),
  );
}

/** Runs a program of the virtual environment, and has what it printed and its exit code. */
export function runTool(
  tool: string,
  parameters: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): { readonly output: string; readonly exitCode: number | null } {
  const { status, stdout, stderr, error } = spawnSync(join(pythonFolder, tool), parameters, {
    ...options,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) throw error;
  return { output: `${stdout}${stderr}`, exitCode: status };
}

function run(command: string, parameters: readonly string[], input: object = {}): string {
  const { status, stdout, stderr, error } = spawnSync(command, parameters, {
    input: JSON.stringify(input),
    encoding: 'utf8',
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${parameters.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}
