import { createOutput, type Output } from '../../src/cli/command-output.js';

interface Captured {
  readonly output: Output;
  /** What was printed until now, without the last line break. */
  readonly printed: () => string;
}

/** The output of a command that is run in this process. */
export function captureOutput(isJson = false): Captured {
  let text = '';
  const sink = { write: (chunk: string) => void (text += chunk), drained: () => Promise.resolve() };
  return { output: createOutput(sink, isJson), printed: () => text.trimEnd() };
}
