import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';

interface Where {
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** A bash that is typed into: what one command sets, the next one has. */
export class Terminal {
  readonly #bash: ChildProcess;
  /** What was printed since the last command was typed. */
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

  /** Types commands, and waits for their end. What they read is nothing. */
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

  /** @throws where the shell ends before that is printed. */
  async until(isSo: (printed: string) => boolean): Promise<void> {
    while (!isSo(this.printed)) {
      if (this.#ended) throw new Error(`It failed:\n${this.printed}`);
      await wait(20);
    }
  }

  /** Ctrl-C, and its end: all that runs in it is told. */
  async close(): Promise<void> {
    const { pid } = this.#bash;
    this.#bash.stdin?.end();
    if (pid === undefined || this.#ended) return;
    process.kill(-pid, 'SIGINT');
    await this.until(() => this.#ended).catch(() => undefined);
  }
}
