import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { ticksPerSecond } from './cores.ts';

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** Beside what every program gets. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface Memory {
  /** Resident now, in MiB; children included. */
  readonly resident: number;
  /** What of it are pages of files, such as Node and libraries, in MiB: processes share them. */
  readonly files: number;
}

const running = new Set<PinnedProcess>();
const endings = new Set<() => void>();

/** Runs when the benchmarks end, in whatever way; synchronous. */
export function runAtEnd(ending: () => void): void {
  endings.add(ending);
}

/** Nothing that was started outlives the benchmarks: not on Ctrl-C, and not on an error. */
export function endEverythingAtExit(): void {
  process.once('exit', () => {
    for (const each of running) each.kill('SIGKILL');
    for (const ending of endings) ending();
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      console.error(`\nStopped by ${signal}.`);
      process.exit(1);
    });
  }
}

/** What stays of the environment: settings of the programs that are measured must not come from outside. */
function createEnvironment(): Record<string, string> {
  const own = /^(LATCHKEY_|JWT_|NODE_|PORT$|HOST$|DATABASE_URL$|LOG_|GO|FLASK_|GUNICORN_|BENCH_)/;
  return {
    ...Object.fromEntries(
      Object.entries(process.env).filter((entry): entry is [string, string] => !own.test(entry[0])),
    ),
    NODE_ENV: 'production',
  };
}

/** How long a program may take to stop when asked to, in milliseconds. */
const patience = 10_000;

/** A program on cores of its own, in a process group of its own. */
export class PinnedProcess {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #ended: Promise<number | null>;
  #stdout = '';
  #stderr = '';
  #hasEnded = false;

  constructor({ command, args, env, cwd }: Program, cores: string) {
    this.#name = [command, ...args].join(' ');
    this.#child = spawn('taskset', ['-c', cores, command, ...args], {
      env: { ...createEnvironment(), ...env },
      cwd,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    // The end of it says why a program failed; a long run may log a lot.
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-20_000);
    });
    running.add(this);
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#stderr += error.message;
      });
      this.#child.once('close', (code) => {
        this.#hasEnded = true;
        running.delete(this);
        resolve(code);
      });
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** What it has printed, for an error's message. */
  get output(): string {
    return `${this.#name}:\n${this.#stdout}${this.#stderr}`;
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`Could not be started: ${this.output}`);
    return pid;
  }

  /** To it and to whatever it has started. */
  kill(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined || this.#hasEnded) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** To it alone. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /**
   * Waits for its end.
   * @returns what it printed.
   * @throws where it failed.
   */
  async finished(): Promise<string> {
    const code = await this.#ended;
    if (code !== 0)
      throw new Error(`It failed with ${code === null ? 'a signal' : `exit code ${code}`}: ${this.output}`);
    return this.#stdout;
  }

  /**
   * Waits for its end.
   * @returns what it printed as JSON in a line that begins with RESULT.
   */
  async result(): Promise<unknown> {
    const [, json] = /^RESULT (.*)$/m.exec(await this.finished()) ?? [];
    if (json === undefined) throw new Error(`It gave no result: ${this.output}`);
    return JSON.parse(json);
  }

  /**
   * Waits until it has printed something.
   * @throws where it ends before.
   */
  async printed(text: string): Promise<void> {
    while (!this.#stdout.includes(text)) {
      if (this.#hasEnded) throw new Error(`It ended before it printed "${text}": ${this.output}`);
      await wait(5);
    }
  }

  /** Asks it to stop, and makes it where it does not. */
  async stop(): Promise<void> {
    this.signal('SIGTERM');
    const stubborn = new AbortController();
    const late = wait(patience, undefined, { signal: stubborn.signal }).then(
      () => {
        this.kill('SIGKILL');
      },
      () => undefined,
    );
    await this.#ended;
    stubborn.abort();
    await late;
    this.kill('SIGKILL'); // whatever it left behind
  }

  /** Processor time of all its threads and child processes so far, in seconds. */
  cpuSeconds(): number {
    return listProcessTree(this.pid).reduce((sum, { ticks }) => sum + ticks, 0) / ticksPerSecond;
  }

  /** The same of its own threads, by their names: threads of one name together. */
  threadSeconds(): Map<string, number> {
    const folder = `/proc/${this.pid}/task`;
    const seconds = new Map<string, number>();
    for (const thread of readdirSync(folder)) {
      const stat = readStat(`${folder}/${thread}/stat`);
      if (stat) seconds.set(stat.name, (seconds.get(stat.name) ?? 0) + stat.ownTicks / ticksPerSecond);
    }
    return seconds;
  }

  memory(): Memory {
    const all = listProcessTree(this.pid).map(({ pid }) => readFileSync(`/proc/${pid}/status`, 'utf8'));
    const sum = (field: string): number =>
      all.reduce(
        (kib, status) => kib + Number(new RegExp(`^${field}:\\s*(\\d+)`, 'm').exec(status)?.[1] ?? 0),
        0,
      ) / 1024;
    return { resident: sum('VmRSS'), files: sum('RssFile') };
  }
}

interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  /** Its own and that of its children that have ended. */
  readonly ticks: number;
}

/** A process and its descendants. */
function listProcessTree(root: number): ProcessInfo[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
  const found = all.filter(({ pid }) => pid === root);
  for (const each of found) found.push(...all.filter(({ parent }) => parent === each.pid));
  return found;
}

/** @returns undefined where it has ended in the meantime. */
function readProcess(pid: number): ProcessInfo | undefined {
  const stat = readStat(`/proc/${pid}/stat`);
  return stat && { pid, parent: stat.parent, ticks: stat.ownTicks + stat.childrenTicks };
}

interface Stat {
  readonly name: string;
  readonly parent: number;
  readonly ownTicks: number;
  /** Of children that have ended. */
  readonly childrenTicks: number;
}

/** What the kernel says of a process or a thread; undefined where it has ended. */
function readStat(file: string): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
  // proc(5): the name, in parentheses, may have spaces; the fields after it begin with the third.
  const nameEnd = text.lastIndexOf(')');
  const fields = text
    .slice(nameEnd + 2)
    .split(' ')
    .map(Number);
  const [, parent = 0] = fields;
  const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = fields.slice(11, 15);
  return {
    name: text.slice(text.indexOf('(') + 1, nameEnd),
    parent,
    ownTicks: user + system,
    childrenTicks: childrenUser + childrenSystem,
  };
}
