import { CommanderError } from 'commander';
import { printError } from '../server/main.js';
import type { Project } from '../server/project.js';
import { getExitCode } from './exit-codes.js';
import type { Launcher } from './launcher.js';
import { createProgram } from './program.js';

/** SIGPIPE's, as a shell reports it: what read the output has ended, as `head` does. */
const brokenPipeExitCode = 141;

/**
 * Runs a command line, such as `['users', 'reset-password', 'admin']`. Prints errors to stderr, and sets
 * `process.exitCode`; see `exit-codes.ts`.
 */
export async function runCommandLine(words: readonly string[], launcher: Launcher<Project>): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(brokenPipeExitCode);
    // A full disk, behind ">".
    console.error(`The output cannot be written (${error.message}): what is there is not all of it.`);
    process.exit(1);
  });
  try {
    await createProgram(launcher).parseAsync(words.length > 0 ? words : ['help'], { from: 'user' });
  } catch (error) {
    // Commander has printed the help or the error.
    if (!(error instanceof CommanderError)) printError(error);
    process.exitCode = getExitCode(error);
  }
}
