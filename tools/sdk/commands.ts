// Runs the tools of the SDKs.
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Need, RunCommand, RunOptions } from './tasks.ts';

/** A tool that failed, with what it printed. */
export class CommandFailed extends Error {}

interface Ended {
  readonly status: number | NodeJS.Signals | null;
  readonly stdout: string;
  /** stdout and stderr, as they came. */
  readonly output: string;
}

/** What a test runner left. */
interface TestRun {
  readonly status: Ended['status'];
  readonly reports: readonly string[];
  readonly output: string;
}

function spawnAndWait(
  root: string,
  command: string,
  parameters: readonly string[],
  { cwd, env = {}, input }: Pick<RunOptions, 'cwd' | 'env' | 'input'>,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, {
      cwd,
      // The lockfile's Node comes first: some generators do not run on the older one that npm may have come with.
      env: {
        ...process.env,
        PATH: `${join(root, 'node_modules/.bin')}${delimiter}${process.env['PATH'] ?? ''}`,
        ...env,
      },
      shell: process.platform === 'win32',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    // A command that ends without reading its input has not failed; its exit code says whether it did.
    child.stdin.on('error', () => undefined).end(input);
    child.once('error', (error) => {
      reject(new CommandFailed(`${command} does not start: ${error.message}`));
    });
    child.once('close', (code, signal) => {
      resolve({ status: code ?? signal, stdout, output });
    });
  });
}

/** Whether a command is on PATH, or succeeds where parameters are given. */
export async function succeeds(root: string, need: Need): Promise<boolean> {
  const [command = '', ...parameters] = typeof need === 'string' ? [need] : need;
  if (!isOnPath(command)) return false;
  if (parameters.length === 0) return true;
  return (await spawnAndWait(root, command, parameters, { cwd: root })).status === 0;
}

export function isOnPath(command: string): boolean {
  const endings = process.platform === 'win32' ? (process.env['PATHEXT'] ?? '.EXE').split(';') : [''];
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .some((folder) => endings.some((ending) => existsSync(join(folder, `${command}${ending}`))));
}

/**
 * `run` of a tasks.js: it throws where the command fails, with the output; not so a test runner whose reports are there,
 * as its failures are counted. `runs` is what such runners left.
 */
export function createRunner(root: string, folder: string): { run: RunCommand; runs: readonly TestRun[] } {
  const runs: TestRun[] = [];
  const run: RunCommand = async (
    command,
    parameters = [],
    { cwd = folder, env = {}, input, report = [] } = {},
  ) => {
    const reports = typeof report === 'string' ? [report] : report;
    // One of an earlier run must not be taken for this one's.
    for (const path of reports) rmSync(path, { recursive: true, force: true });
    const { status, stdout, output } = await spawnAndWait(root, command, parameters, {
      cwd,
      env,
      ...(input !== undefined && { input }),
    });
    const written = reports.filter((path) => existsSync(path));
    if (written.length > 0) runs.push({ status, reports: written, output });
    else if (status !== 0) {
      throw new CommandFailed(`${[command, ...parameters].join(' ')} ended with ${status}:\n${output}`);
    } else if (reports.length > 0) {
      throw new CommandFailed(`${command} left no report ${reports.join(', ')}:\n${output}`);
    }
    return stdout;
  };
  return { run, runs };
}
