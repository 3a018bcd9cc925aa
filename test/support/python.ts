import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from './checkout.js';
import { runProgram } from './run-program.js';

interface RunOptions {
  /** Sent as JSON to stdin. */
  readonly input?: object;
  readonly folder?: string;
  /** Environment variables in addition to the tests' own. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Whether there is a Python that can create a virtual environment. */
export function hasPython(): boolean {
  return spawnSync('python3', ['-c', 'import ensurepip, venv']).status === 0;
}

/** A virtual environment, kept between runs: creating it takes a quarter of a minute. */
export class PythonEnvironment {
  readonly #folder: string;
  /** The folder of its commands. */
  readonly commands: string;

  /** @param name the name of its folder in dist. */
  constructor(name: string) {
    this.#folder = join(checkout, 'dist', name);
    this.commands = join(this.#folder, process.platform === 'win32' ? 'Scripts' : 'bin');
  }

  /** Its interpreter. */
  get python(): string {
    return join(this.commands, 'python');
  }

  /** Creates it with the packages of a requirements file, unless they are installed already. */
  prepare(requirements: string): void {
    const wanted = readFileSync(requirements, 'utf8');
    const stamp = join(this.#folder, 'requirements.txt');
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
    rmSync(this.#folder, { recursive: true, force: true });
    run('python3', ['-m', 'venv', this.#folder]);
    this.run(['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
    writeFileSync(stamp, wanted);
  }

  /** Runs its interpreter. @returns the output. */
  run(parameters: readonly string[], options: RunOptions = {}): string {
    return run(this.python, parameters, options);
  }

  /** Runs one of its commands, which may fail. @returns the output, and the exit code. */
  try(
    command: string,
    parameters: readonly string[],
    { folder, settings }: RunOptions,
  ): { readonly output: string; readonly exitCode: number | null } {
    const { status, stdout, stderr } = runProgram(join(this.commands, command), parameters, {
      cwd: folder,
      env: { ...process.env, ...settings },
    });
    return { output: `${stdout}${stderr}`, exitCode: status };
  }
}

function run(command: string, parameters: readonly string[], options: RunOptions = {}): string {
  const { status, stdout, stderr } = runProgram(command, parameters, {
    input: JSON.stringify(options.input ?? {}),
    cwd: options.folder,
    env: { ...process.env, ...options.settings },
  });
  if (status !== 0) throw new Error(`${command} ${parameters.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}
