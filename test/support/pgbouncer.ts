import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { reservePort } from './ports.js';
import { until } from './until.js';

const isRoot = userInfo().uid === 0;
/** Debian's path, which may be missing in PATH. */
const environment = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` };

export function hasPgbouncer(): boolean {
  try {
    execFileSync('pgbouncer', ['--version'], { env: environment, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A PgBouncer in front of a PostgreSQL server, with default settings except for the mode. */
export class Pgbouncer {
  private constructor(
    private readonly process: ChildProcess,
    private readonly folder: string,
    private readonly port: number,
  ) {}

  static async start(
    postgresPort: number,
    mode: 'session' | 'transaction' | 'statement',
  ): Promise<Pgbouncer> {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-pgbouncer-'));
    const port = await reservePort();
    const file = join(folder, 'pgbouncer.ini');
    await writeFile(
      file,
      `[databases]
* = host=127.0.0.1 port=${postgresPort} user=postgres password=password
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
`,
    );
    await chmod(folder, 0o755);
    // Like PostgreSQL, it refuses to run as root.
    const child = spawn('pgbouncer', [...(isRoot ? ['--user', 'postgres'] : []), file], {
      env: environment,
      stdio: 'ignore',
    });
    const pgbouncer = new Pgbouncer(child, folder, port);
    await until(() => responses(port));
    return pgbouncer;
  }

  /** The same database, through it. */
  through(url: string): string {
    return url.replace(/:\d+\//, `:${this.port}/`);
  }

  async remove(): Promise<void> {
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function responses(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
