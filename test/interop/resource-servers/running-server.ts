import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';

export interface RunningServer {
  readonly url: string;
  /** What the response shows of the caller. */
  readonly shows: 'id' | 'name';
  /** The status for a caller without the permission. */
  readonly forbidden: number;
  /** What the process has printed. */
  output(): string;
  stop(): Promise<void>;
}

interface Program {
  readonly command: string;
  readonly words: readonly string[];
  readonly folder: string;
  readonly port: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly shows?: RunningServer['shows'];
  readonly forbidden?: number;
}

/** Starts a program that listens on a port, and waits until it responds. */
export async function startServer({
  command,
  words,
  folder,
  port,
  environment = {},
  shows = 'id',
  forbidden = 403,
}: Program): Promise<RunningServer> {
  const child = spawn(command, words, {
    cwd: folder,
    env: { ...process.env, PORT: String(port), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  }
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
  });
  failed.catch(() => undefined); // is awaited below, for as long as it is of interest
  const url = `http://127.0.0.1:${port}`;
  const server = { url, shows, forbidden, output: () => printed, stop: () => stop(child) };
  while (!(await Promise.race([responds(url), failed]))) {
    const end = child.exitCode ?? child.signalCode;
    if (end !== null) throw new Error(`${command} ended with ${end}:\n${printed}`);
    await wait(100);
  }
  return server;
}

async function responds(url: string): Promise<boolean> {
  return fetch(`${url}/reports`, { redirect: 'manual', headers: { Connection: 'close' } }).then(
    async (response) => {
      await response.arrayBuffer();
      return true;
    },
    () => false,
  );
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await closed;
  clearTimeout(timer);
}
