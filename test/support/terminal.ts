import { spawn, type ChildProcess } from 'node:child_process';
import { describeOnFailure } from './failures.js';
import { describeProcess, describeStream } from './process-state.js';
import { until } from './until.js';

interface Where {
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** An interactive bash: variables that one command sets are there for the next. */
export class Terminal {
  readonly #bash: ChildProcess;
  /** The output since the last command was typed, of stdout and stderr in the order of its writing. */
  printed = '';
  #typed = '';
  #ended = false;

  constructor({ folder, environment }: Where) {
    // One pipe for both: from two, the end of a command can arrive before what the command has printed.
    // A group of its own, as a terminal gives it: Ctrl-C reaches all that runs in it.
    this.#bash = spawn('bash', ['-c', 'exec bash --noprofile --norc 2>&1'], {
      cwd: folder,
      env: environment,
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#bash.stdout?.setEncoding('utf8').on('data', (text: string) => (this.printed += text));
    const forget = describeOnFailure(() => this.#describe());
    this.#bash.once('close', () => {
      this.#ended = true;
      forget();
    });
  }

  /** Types commands, and waits until they have ended. Their stdin is empty. */
  async run(commands: string): Promise<string> {
    const end = `end-of-${Math.random()}`;
    this.type(`set -e\n{ ${commands}\n} </dev/null\nset +e\nprintf '%s\\n' '' ${end}\n`);
    await this.until((printed) => printed.endsWith(`\n${end}\n`));
    return this.printed.slice(0, -end.length - 2);
  }

  type(text: string): void {
    this.printed = '';
    this.#typed = text;
    this.#bash.stdin?.write(text);
  }

  /** @throws if the shell ends before that is printed, or takes too long. */
  async until(isSo: (printed: string) => boolean): Promise<void> {
    await until(
      () => {
        if (isSo(this.printed)) return true;
        if (this.#ended) throw new Error(`It failed:\n${this.printed}`);
        return false;
      },
      () => `the terminal has printed what ends the commands\n${this.#describe()}`,
    );
  }

  /** Sends Ctrl-C to everything that runs in it, and waits until it has ended; what does not is killed. */
  async close(): Promise<void> {
    const { pid } = this.#bash;
    this.#bash.stdin?.end();
    if (pid === undefined || this.#ended) return;
    process.kill(-pid, 'SIGINT');
    await until(() => this.#ended, 'the terminal has ended', 15_000).catch((error: unknown) => {
      process.kill(-pid, 'SIGKILL');
      throw error;
    });
  }

  #describe(): string {
    const { pid = 0 } = this.#bash;
    return `A terminal (process ${pid}): ${describeProcess(pid)}\n${describeStream('typed', this.#typed)}\n${describeStream('printed', this.printed)}`;
  }
}
