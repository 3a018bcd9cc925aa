import { getExitCode } from '../../src/cli/exit-codes.js';
import { createProgram } from '../../src/cli/program.js';
import type { CommandContext } from '../../src/cli/installation-command.js';
import repository from '../../src/project.js';
import type { Project } from '../../src/server/project.js';

interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  /** What commander prints, or the error's message. */
  readonly stderr: string;
}

const createLauncher = (project: Project): Parameters<typeof createProgram>[0] => ({
  version: '1.2.3',
  start: () => Promise.resolve(),
  loadProject: () => Promise.resolve(project),
  develop: () => Promise.resolve(),
  build: () => undefined,
  make: () => undefined,
});

/** Runs a command line in this process. Beside a `TestApp` it is what another process would be: it shares the database alone. */
export async function runCommand(
  words: readonly string[],
  context: CommandContext,
  project: Project = repository,
): Promise<Ran> {
  const said = { stdout: '', stderr: '' };
  const program = createProgram(createLauncher(project), context);
  const everyCommand = [program];
  for (const command of everyCommand) {
    everyCommand.push(...command.commands);
    command.configureOutput({
      writeOut: (text) => (said.stdout += text),
      writeErr: (text) => (said.stderr += text),
    });
  }
  try {
    await program.parseAsync(words, { from: 'user' });
    return { exitCode: 0, ...said };
  } catch (error) {
    const exitCode = getExitCode(error);
    if (said.stderr === '') said.stderr = `${(error as Error).message}\n`;
    return { exitCode, ...said };
  }
}

/** The objects that a command printed with `--json`. */
export function readJsonLines(stdout: string): unknown[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
}
