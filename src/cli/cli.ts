import { CommanderError } from 'commander';
import { printError } from '../server/main.js';
import type { Launcher } from './launcher.js';
import { createProgram } from './program.js';

/** As most commands have it: 1 where a command fails, 2 where it was not understood. */
const misuseExitCode = 2;

/**
 * Runs what the words of a command line say, `['users', 'reset-password', 'admin']`. What is wrong goes to stderr, and
 * `process.exitCode` is 2 where the words were not understood (nothing was done then), 1 where the command failed.
 */
export async function runCommandLine(words: readonly string[], launcher: Launcher): Promise<void> {
  try {
    await createProgram(launcher).parseAsync(words.length > 0 ? words : ['help'], { from: 'user' });
  } catch (error) {
    // Commander has printed it: help that was asked for, or what it did not understand.
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : misuseExitCode;
    else {
      printError(error);
      process.exitCode = 1;
    }
  }
}
