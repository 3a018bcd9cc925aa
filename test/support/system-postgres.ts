import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { placeOfDatabases } from './folders.js';
import { until } from './until.js';
import { reservePort } from './ports.js';

const needed = ['initdb', 'postgres', 'pg_dump', 'pg_restore', 'createdb', 'pg_isready'];

/** The folder with PostgreSQL's own programs of this machine, of which npm's has only the server; undefined: not all are there. */
export function findPostgresPrograms(): string | undefined {
  const { status, stdout } = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' });
  const folder = status === 0 ? stdout.trim() : undefined;
  return folder !== undefined && needed.every((name) => existsSync(join(folder, name))) ? folder : undefined;
}

/** A server of the version that this machine's pg_dump has: an older one refuses a newer server. */
export class SystemPostgres {
  private constructor(
    private readonly folder: string,
    private readonly process: ChildProcess,
    readonly port: number,
  ) {}

  static async start(programs: string): Promise<SystemPostgres> {
    const folder = mkdtempSync(join(placeOfDatabases, 'latchkey-system-postgres-'));
    // PostgreSQL refuses to run as root.
    const user = userInfo().uid === 0 ? { uid: readId('-u'), gid: readId('-g') } : {};
    if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
    const data = join(folder, 'data');
    const options = { ...user, cwd: folder };
    execFileSync(
      join(programs, 'initdb'),
      ['-D', data, '-U', 'latchkey', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
      { ...options, stdio: 'ignore' },
    );
    const port = await reservePort();
    const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off'];
    const server = spawn(
      join(programs, 'postgres'),
      ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
      { ...options, stdio: 'ignore' },
    );
    const isReady = ['-h', '127.0.0.1', '-p', String(port), '-U', 'latchkey'];
    await until(() => spawnSync(join(programs, 'pg_isready'), isReady).status === 0);
    return new SystemPostgres(folder, server, port);
  }

  async remove(): Promise<void> {
    const ended = once(this.process, 'exit');
    this.process.kill('SIGINT');
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Of the user that packages of PostgreSQL make, or else of nobody. */
function readId(flag: '-u' | '-g'): number {
  const { status, stdout } = spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : 65_534;
}
