import { CommanderError } from 'commander';
import { printError } from '../server/main.js';
import type { Project } from '../server/project.js';
import type { Launcher } from './launcher.js';
import { createProgram } from './program.js';

/** By convention: 1 where a command failed, 2 for wrong usage. */
const misuseExitCode = 2;

/**
 * Runs a command line, such as `['users', 'reset-password', 'admin']`. Prints errors to stderr, and sets
 * `process.exitCode`: 1 where the command failed, 2 for wrong usage, where nothing was done.
 */
export async function runCommandLine(words: readonly string[], launcher: Launcher<Project>): Promise<void> {
  try {
    await createProgram(launcher).parseAsync(words.length > 0 ? words : ['help'], { from: 'user' });
  } catch (error) {
    // Commander has printed the help or the error.
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : misuseExitCode;
    else {
      printError(error);
      process.exitCode = 1;
    }
  }
}
