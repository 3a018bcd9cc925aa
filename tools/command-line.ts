// What the scripts of this folder are called with.
import { parseArgs, type ParseArgsConfig } from 'node:util';

interface CommandLine {
  readonly values: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
}

/** As for `latchkey`: 1 where a command fails, 2 where its arguments were not understood. */
const misused = 2;

/**
 * Reads the arguments that the script was called with. Where one of them is unknown, or is `--help`, it prints the usage
 * and sets the exit code: 2, or 0 for help.
 * @param known what it takes besides `--help`: nothing by default.
 * @returns undefined: there is nothing to do.
 */
export function readCommandLine(
  usage: string,
  { options = {}, allowPositionals = false }: Pick<ParseArgsConfig, 'options' | 'allowPositionals'> = {},
): CommandLine | undefined {
  try {
    const { values, positionals } = parseArgs({
      options: { ...options, help: { type: 'boolean', short: 'h' } },
      allowPositionals,
    });
    if (values.help !== true) return { values, positionals };
    console.log(usage);
    process.exitCode = 0;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code?.startsWith('ERR_PARSE_ARGS_') !== true) throw error;
    // Node's message continues with advice about arguments that begin with a hyphen.
    reportMisuse(message.split('. ', 1).join(''), usage);
  }
  return undefined;
}

/** Says what is wrong with the arguments, and sets the exit code. */
export function reportMisuse(message: string, usage: string): void {
  console.error(`${message}\n\n${usage}`);
  process.exitCode = misused;
}
