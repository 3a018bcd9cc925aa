import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';

interface Where {
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** An interactive bash: variables that one command sets are there for the next. */
export class Terminal {
  readonly #bash: ChildProcess;
  /** The output since the last command was typed. */
  printed = '';
  #ended = false;

  constructor({ folder, environment }: Where) {
    // A group of its own, as a terminal gives it: Ctrl-C reaches all that runs in it.
    this.#bash = spawn('bash', ['--noprofile', '--norc'], { cwd: folder, env: environment, detached: true });
    for (const stream of [this.#bash.stdout, this.#bash.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.printed += text));
    }
    this.#bash.once('close', () => (this.#ended = true));
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
    this.#bash.stdin?.write(text);
  }

  /** @throws if the shell ends before that is printed. */
  async until(isSo: (printed: string) => boolean): Promise<void> {
    while (!isSo(this.printed)) {
      if (this.#ended) throw new Error(`It failed:\n${this.printed}`);
      await wait(20);
    }
  }

  /** Sends Ctrl-C to everything that runs in it, and waits until it has ended. */
  async close(): Promise<void> {
    const { pid } = this.#bash;
    this.#bash.stdin?.end();
    if (pid === undefined || this.#ended) return;
    process.kill(-pid, 'SIGINT');
    await this.until(() => this.#ended).catch(() => undefined);
  }
}
