import { spawnSync, type SpawnSyncOptions } from 'node:child_process';

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Milliseconds. While it runs, mocha's own timeout cannot end a test, and CI's ends the suite without a word. */
const limit = 480_000;

/**
 * Runs a program until it has ended, and whatever its exit code is.
 * @throws with what it has printed, where it cannot be run or takes too long
 */
export function runProgram(program: string, words: readonly string[], options: SpawnSyncOptions = {}): Run {
  const ran = spawnSync(program, words, {
    maxBuffer: 64 * 1024 * 1024,
    timeout: limit,
    ...options,
    encoding: 'utf8',
  });
  const { status, stdout, stderr, error } = ran;
  if (error) throw new Error(`${program} ${words.join(' ')}: ${error.message}\n${stdout}${stderr}`);
  return { status, stdout, stderr };
}
