import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'supertest';
import { ApiClient } from './api-client.js';
import { checkout } from './checkout.js';
import { describeOnFailure, computeTimeLeft } from './failures.js';
import { placeOfDatabases } from './folders.js';
import { reservePort } from './ports.js';
import { describeOutput, describeProcess } from './process-state.js';
import { inTime, until } from './until.js';

export type Settings = Readonly<Record<string, string>>;

interface How {
  /** Maximum number of open files; not on Windows. */
  readonly openFiles?: number;
  /** The Node.js to run: by default the tests' own. */
  readonly node?: string | undefined;
  /** The checkout whose `bin/latchkey.js` to run. */
  readonly from?: string;
}

interface Invocation extends How {
  /** The working directory. */
  readonly folder: string;
  readonly settings?: Settings;
}

const running = new Set<Command>();
/** The latest that have ended: a process that has ended says why something else cannot go on. */
let ended: Command[] = [];
const folders = new Set<string>();

describeOnFailure(() => {
  const shown = [...ended, ...running].map((command) => command.describe());
  return shown.length > 0 ? shown.join('\n') : undefined;
});

/** For each file's `after`: ends all processes of the tests, and removes their folders. */
export async function endProcesses(): Promise<void> {
  await Promise.all([...running].map((command) => command.end('SIGKILL')));
  await Promise.all([...folders].map((folder) => rm(folder, { recursive: true, force: true })));
  folders.clear();
  ended = [];
}

/** A new, empty folder, which `endProcesses` removes. */
export async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(placeOfDatabases, 'latchkey-process-'));
  folders.add(folder);
  return folder;
}

/** argon2id at its lowest costs, and long timeouts for the database: these tests are not about either. */
const ofTests: Settings = {
  LATCHKEY_PASSWORD_MEMORY_COST: '8',
  LATCHKEY_PASSWORD_TIME_COST: '1',
  LATCHKEY_DATABASE_CONNECT_TIMEOUT: '30s',
  LATCHKEY_DATABASE_STATEMENT_TIMEOUT: '30s',
};

/** As this process sees the machine. */
const sameMachine: Settings = ['TEST_PARALLELISM', 'TEST_DELAYS'].some((name) => name in process.env)
  ? { NODE_OPTIONS: `--import=${new URL('machine.js', import.meta.url).href}` }
  : {};

/** `latchkey <words>` as a process, with no settings except the given ones. */
export class Command {
  readonly #child: ChildProcess;
  readonly #closed: Promise<void>;
  readonly #words: readonly string[];
  readonly #startedAt = performance.now();
  /** What has arrived of the output: while the process runs, a line may come after what was done later; see `waitForLine`. */
  stdout = '';
  stderr = '';

  constructor(
    words: readonly string[],
    { folder, settings, node = process.execPath, from, openFiles }: Invocation,
  ) {
    this.#words = words;
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(LATCHKEY_|JWT_|PORT$|HOST$|DATABASE_URL$|LOG_|NODE_)/.test(name),
    );
    const limit = openFiles === undefined ? [] : ['sh', '-c', `ulimit -n ${openFiles} && exec "$@"`, 'sh'];
    const [program = node, ...rest] = [...limit, node, join(from ?? checkout, 'bin/latchkey.js'), ...words];
    this.#child = spawn(program, rest, {
      cwd: folder,
      env: { ...Object.fromEntries(inherited), ...sameMachine, ...ofTests, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    running.add(this);
    this.#closed = new Promise((resolve) => {
      this.#child.once('close', () => {
        running.delete(this);
        ended = [...ended, this].slice(-2);
        resolve();
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Null while it runs, and where a signal ended it. */
  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits until it has ended. */
  async waitForEnd(): Promise<this> {
    await inTime(
      this.#closed,
      performance.now() + computeTimeLeft(),
      () => new Error(`${this.#name} has not ended.`),
    );
    return this;
  }

  end(signal: NodeJS.Signals = 'SIGTERM'): Promise<this> {
    this.signal(signal);
    return this.waitForEnd();
  }

  /**
   * Waits until it has printed a line that includes a text.
   * @returns the line
   */
  async waitForLine(text: string): Promise<string> {
    const find = (): string | undefined =>
      this.stdout
        .split('\n')
        .slice(0, -1)
        .find((line) => line.includes(text));
    await this.until(() => find() !== undefined, `printed "${text}"`);
    return find() ?? '';
  }

  /**
   * Waits until it is so.
   * @param what ends the sentence "It ended before it …".
   * @throws where it ends before, or takes too long
   */
  async until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
    await until(async () => {
      if (await isSo()) return true;
      if (!running.has(this)) throw new Error(`It ended before it ${what}:\n${this.stdout}${this.stderr}`);
      return false;
    }, `${this.#name} ${what}`);
  }

  /** What it is doing, and what it has printed. */
  describe(): string {
    const { pid, exitCode, signalCode } = this.#child;
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(1);
    const state = running.has(this)
      ? `runs since ${seconds} s: ${describeProcess(pid ?? 0)}`
      : `has ended: ${signalCode ?? `exit code ${exitCode ?? 'unknown'}`}`;
    return `${this.#name} ${state}${this.describeWait()}\n${describeOutput(this.stdout, this.stderr)}`;
  }

  protected describeWait(): string {
    return '';
  }

  get #name(): string {
    return `latchkey ${this.#words.join(' ')} (process ${this.pid})`;
  }
}

/** The service as `npm start` runs it, and a client of it. */
export class ServiceProcess extends Command {
  readonly api: ApiClient;
  /** What was heard last. */
  #readiness: number | string | undefined;

  constructor(invocation: Invocation, url: string) {
    super(['start'], invocation);
    this.api = new ProcessClient(url);
  }

  /** Waits until it responds. */
  async waitUntilListening(): Promise<this> {
    await this.until(async () => typeof (await this.#askReadiness()) === 'number', 'listened');
    return this;
  }

  /** Waits until `GET /health/ready` is 200, and what it says of its start has arrived: the log is written asynchronously. */
  async waitUntilReady(): Promise<this> {
    await this.until(async () => (await this.#askReadiness()) === 200, 'was ready');
    await this.waitForLine('Latchkey listens');
    return this;
  }

  protected override describeWait(): string {
    return this.#readiness === undefined ? '' : `; GET /health/ready: ${this.#readiness}`;
  }

  /** @returns the status, or why there was none. */
  async #askReadiness(): Promise<number | string> {
    this.#readiness = 'no response yet';
    this.#readiness = await fetch(`${this.api.url}/health/ready`, {
      headers: { Connection: 'close' },
      signal: AbortSignal.timeout(10_000),
    }).then(
      ({ status }) => status,
      (error: unknown) => String((error as Error).cause ?? error),
    );
    return this.#readiness;
  }
}

/** A process may have been replaced between two requests: no connection is used twice. */
class ProcessClient extends ApiClient {
  override request(...parameters: Parameters<ApiClient['request']>): Test {
    return super.request(...parameters).set('Connection', 'close');
  }
}

/** A folder, a port and settings, which processes share one after the other. */
export class Installation {
  private constructor(
    readonly folder: string,
    readonly port: number,
    private readonly settings: Settings,
  ) {}

  static async make(settings: Settings = {}): Promise<Installation> {
    return new Installation(await createFolder(), await reservePort(), settings);
  }

  /** The same with some other settings. */
  with(settings: Settings): Installation {
    return new Installation(this.folder, this.port, { ...this.settings, ...settings });
  }

  spawn(how: How = {}): ServiceProcess {
    return new ServiceProcess(this.#invocation(how), `http://127.0.0.1:${this.port}`);
  }

  start(how: How = {}): Promise<ServiceProcess> {
    return this.spawn(how).waitUntilReady();
  }

  /** Runs a command until it has ended. */
  run(words: readonly string[], how: How = {}): Promise<Command> {
    return this.spawnCommand(words, how).waitForEnd();
  }

  spawnCommand(words: readonly string[], how: How = {}): Command {
    return new Command(words, this.#invocation(how));
  }

  #invocation(how: How): Invocation {
    return { ...how, folder: this.folder, settings: { PORT: String(this.port), ...this.settings } };
  }
}
