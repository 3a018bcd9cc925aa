import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout, peersFolder } from './harness/folders.ts';

/** What a peer, or Latchkey's guard for Python, needs beside the Node that runs the benchmarks. */
export type Toolchain = 'node' | 'npm' | 'go' | 'python' | 'python-guard';

const installed = join(checkout, 'dist/bench');
const venv = join(installed, 'flask-jwt-extended');
const guardVenv = join(installed, 'guard');
export const goServer = join(installed, 'go-server');
export const gunicorn = join(venv, 'bin/gunicorn');
export const flaskPython = join(venv, 'bin/python');
export const guardPython = join(guardVenv, 'bin/python');

/** Installs what a toolchain's peers need, once. Each gives why it is not there, or undefined. */
const installers: Readonly<Record<Toolchain, () => string | undefined>> = {
  node: () => undefined,
  npm: () => {
    if (isMissing('npm', '--version')) return 'npm is not installed';
    once(join(peersFolder, 'node_modules/.installed'), ['package.json', 'package-lock.json'], () => {
      run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], peersFolder);
    });
    const nest = ['main.ts', 'app.controller.ts', 'jwt.strategy.ts', 'revoked-tokens.ts', 'tsconfig.json'];
    once(
      join(peersFolder, 'nest-passport/dist/.installed'),
      nest.map((file) => `nest-passport/${file}`),
      () => {
        run(process.execPath, ['node_modules/typescript/bin/tsc', '--project', 'nest-passport'], peersFolder);
      },
    );
    return undefined;
  },
  go: () => {
    if (isMissing('go', 'version')) return 'Go is not installed';
    once(`${goServer}.installed`, ['go/main.go', 'go/go.mod', 'go/go.sum'], () => {
      run('go', ['build', '-o', goServer, '.'], join(peersFolder, 'go'));
    });
    return undefined;
  },
  python: () => installPython(venv, 'flask-jwt-extended/requirements.txt'),
  'python-guard': () => installPython(guardVenv, '../latchkey/guard-requirements.txt'),
};

function installPython(environment: string, requirements: string): string | undefined {
  if (isMissing('python3', '-c', 'import ensurepip, venv')) return 'Python with venv is not installed';
  once(join(environment, '.installed'), [requirements], () => {
    rmSync(environment, { recursive: true, force: true });
    run('python3', ['-m', 'venv', environment], peersFolder);
    const pip = ['install', '--quiet', '--disable-pip-version-check', '-r', requirements];
    run(join(environment, 'bin/pip'), pip, peersFolder);
  });
  return undefined;
}

const found = new Map<Toolchain, string | undefined>();

/**
 * Makes a toolchain's peers ready.
 * @returns why they are not there: it stands beside their names, in the place of figures.
 */
export function findMissingToolchain(toolchain: Toolchain): string | undefined {
  if (!found.has(toolchain)) found.set(toolchain, install(toolchain));
  return found.get(toolchain);
}

/** Whether its peers are installed by now; nothing is installed for the question. */
export function isReady(toolchain: Toolchain): boolean {
  return toolchain === 'node' || (found.has(toolchain) && found.get(toolchain) === undefined);
}

function install(toolchain: Toolchain): string | undefined {
  try {
    return installers[toolchain]();
  } catch (error) {
    if (!(error instanceof InstallationError)) throw error;
    console.error(`${error.message}:\n${error.output}`);
    return error.message;
  }
}

/** A registry that cannot be reached, or a compiler that gave up: the other peers are measured all the same. */
class InstallationError extends Error {
  readonly output: string;

  constructor(command: string, output: string) {
    super(`"${command}" failed`);
    this.output = output;
  }
}

function isMissing(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args).status !== 0;
}

/** Does some work unless it has been done for the same content of these files of the peers. */
function once(stamp: string, files: readonly string[], work: () => void): void {
  const content = files.map((file) => readFileSync(join(peersFolder, file), 'utf8')).join('\0');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === content) return;
  rmSync(stamp, { force: true });
  mkdirSync(installed, { recursive: true });
  work();
  writeFileSync(stamp, content);
}

function run(command: string, args: readonly string[], cwd: string): void {
  console.error(`${command} ${args.join(' ')}`);
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new InstallationError([command, ...args].join(' '), stdout + stderr);
}
