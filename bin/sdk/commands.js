// Runs the tools of the SDKs.
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A tool that failed, with what it printed. */
export class CommandFailed extends Error {}

function spawnAndWait(root, command, parameters, { cwd, env = {}, input }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, {
      cwd,
      // The lockfile's Node comes first: some generators do not run on the older one that npm may have come with.
      env: {
        ...process.env,
        PATH: `${join(root, 'node_modules/.bin')}${delimiter}${process.env.PATH}`,
        ...env,
      },
      shell: process.platform === 'win32',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
    // A command that ends without reading its input is no fault; its exit code says what is.
    child.stdin.on('error', () => undefined).end(input);
    child.once('error', (error) => reject(new CommandFailed(`${command} does not start: ${error.message}`)));
    child.once('close', (code, signal) => resolve({ status: code ?? signal, stdout, output }));
  });
}

/** Whether a command is on PATH, or succeeds where parameters are given. */
export async function succeeds(root, need) {
  const [command, ...parameters] = [need].flat();
  if (parameters.length === 0) return isOnPath(command);
  if (!isOnPath(command)) return false;
  return (await spawnAndWait(root, command, parameters, { cwd: root })).status === 0;
}

function isOnPath(command) {
  const endings = process.platform === 'win32' ? (process.env.PATHEXT ?? '.EXE').split(';') : [''];
  return (process.env.PATH ?? '')
    .split(delimiter)
    .some((folder) => endings.some((ending) => existsSync(join(folder, `${command}${ending}`))));
}

/**
 * `run` of a tasks.js (see ../sdk.js), and `runs`: what the test runners among its commands left, as
 * `{status, reports, output}`.
 */
export function runnerFor(root, folder) {
  const runs = [];
  const run = async (command, parameters = [], { cwd = folder, env, input, report } = {}) => {
    const reports = report === undefined ? [] : [report].flat();
    // One of an earlier run must not be taken for this one's.
    for (const path of reports) rmSync(path, { recursive: true, force: true });
    const { status, stdout, output } = await spawnAndWait(root, command, parameters, { cwd, env, input });
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
