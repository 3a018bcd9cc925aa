import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { StartError } from '../start-error.js';
import { UsageError } from './exit-codes.js';

export interface PasswordOptions {
  readonly passwordStdin?: boolean;
  readonly passwordFile?: string;
}

export const neverAnArgument =
  'Passwords are never arguments, which other users of the machine can see: use --password-stdin or --password-file.';

/** Options for a password that is not generated. */
export function addPasswordOptions(command: Command): Command {
  return command
    .option('--password-stdin', 'read the password from stdin, in place of a generated one-time password')
    .option('--password-file <file>', 'read the password from a file, in place of a generated one')
    .addHelpText('after', `\n${neverAnArgument}`);
}

export function takesPassword({ options }: Command): boolean {
  return options.some(({ long }) => long === '--password-stdin');
}

/**
 * @returns undefined where one is to be generated.
 * @throws {StartError}
 */
export function readPassword({ passwordStdin = false, passwordFile }: PasswordOptions): string | undefined {
  if (passwordStdin && passwordFile !== undefined) {
    throw new UsageError('--password-stdin and --password-file cannot be used together: use one of them.');
  }
  if (passwordStdin && process.stdin.isTTY) {
    throw new UsageError(
      'With --password-stdin the password comes from another program or a file, because a terminal would show it: latchkey … --password-stdin < file',
    );
  }
  if (passwordStdin) return requireLine(readFileSync(0, 'utf8'), 'stdin');
  if (passwordFile === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(passwordFile, 'utf8');
  } catch (cause) {
    throw new StartError(`The file ${passwordFile} cannot be read. Check its path and permissions.`, {
      cause,
    });
  }
  return requireLine(text, `the file ${passwordFile}`);
}

/** Editors and `echo` end a file with a line break. */
function requireLine(text: string, where: string): string {
  const password = text.replace(/\r?\n$/, '');
  if (password === '') throw new StartError(`There is no password in ${where}: it is empty.`);
  return password;
}
