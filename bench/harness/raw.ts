import { join } from 'node:path';
import { peersFolder } from './folders.ts';
import { PinnedProcess } from './processes.ts';

/**
 * Runs a program of `peers/raw` to its end.
 * @returns operations a second.
 */
export async function runRaw(
  script: string,
  args: readonly (string | number)[],
  cores: string,
  {
    nodeOptions = [],
    env = {},
  }: { readonly nodeOptions?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<number> {
  const program = {
    command: process.execPath,
    args: [...nodeOptions, join(peersFolder, 'raw', script), ...args.map(String)],
    env,
  };
  const { operations, seconds } = (await new PinnedProcess(program, cores).result()) as {
    operations: number;
    seconds: number;
  };
  return operations / seconds;
}
