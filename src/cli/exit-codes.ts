import { CommanderError } from 'commander';
import { ConfigError } from '../config/config.js';
import { DatabaseRefused, DatabaseUnavailable } from '../database/database-unavailable.js';
import { StartError } from '../start-error.js';

/** How a command ends: exit code → meaning. The table in docs/commands.md is made from it. */
export const exitCodes = {
  done: { code: 0, meaning: 'done' },
  failed: { code: 1, meaning: 'it failed, or was refused: the message says why, and what to do' },
  usage: { code: 2, meaning: 'the command line is wrong: nothing was done' },
  settings: { code: 3, meaning: 'settings are wrong, each of which is named: nothing was done' },
  unavailable: {
    code: 4,
    meaning: 'the database does not respond: the same command may work later',
  },
  found: {
    code: 5,
    meaning: 'a check ran to its end, and found something that is not right',
  },
} as const;

/** A check found what it looked for; the message lists it. */
export class FoundError extends StartError {}

/** The command line is wrong in a way that commander does not see; nothing was done. */
export class UsageError extends StartError {}

/** Of a process whose command threw this. */
export function getExitCode(error: unknown): number {
  // Commander has printed the help or the error.
  if (error instanceof CommanderError) {
    return (error.exitCode === 0 ? exitCodes.done : exitCodes.usage).code;
  }
  if (error instanceof UsageError) return exitCodes.usage.code;
  if (error instanceof FoundError) return exitCodes.found.code;
  if (error instanceof ConfigError) return exitCodes.settings.code;
  if (isUnavailable(error)) return exitCodes.unavailable.code;
  return exitCodes.failed.code;
}

/** Also where the message for the operator is around it. */
function isUnavailable(error: unknown): boolean {
  if (error instanceof DatabaseRefused) return false;
  if (error instanceof DatabaseUnavailable) return true;
  return error instanceof StartError && isUnavailable(error.cause);
}
