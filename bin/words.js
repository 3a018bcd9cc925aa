// The words of a command line, for the scripts of this folder. Plain JavaScript, and for any Node that npm runs on.
import { parseArgs } from 'node:util';

/** As for `latchkey`: 1 where a command fails, 2 where its words were not understood. */
export const misused = 2;

/**
 * Reads the words that the script was called with. Where it does not know one, or `--help` is among them, it prints what
 * there is to know and sets the exit code: 2, or 0 for help.
 * @param {string} usage what there is to know.
 * @param {Pick<import('node:util').ParseArgsConfig, 'options' | 'allowPositionals'>} known the words that it takes: none
 *   by default.
 * @returns {{ values: Record<string, unknown>, positionals: string[] } | undefined} undefined: there is nothing to do.
 */
export function readWords(usage, { options = {}, allowPositionals = false } = {}) {
  try {
    const help = { type: 'boolean', short: 'h' };
    const words = parseArgs({ options: { ...options, help }, allowPositionals });
    if (!words.values.help) return words;
    console.log(usage);
    process.exitCode = 0;
  } catch (error) {
    if (!String(error.code).startsWith('ERR_PARSE_ARGS_')) throw error;
    // Node goes on about what a word with a hyphen could mean.
    console.error(`${error.message.split('. ', 1)[0]}\n\n${usage}`);
    process.exitCode = misused;
  }
  return undefined;
}
