import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findGenerator } from '../harness/load.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

interface Run {
  readonly child: ChildProcess;
  /** Resolves with all that was printed. */
  readonly output: Promise<string>;
}

function bench(...args: readonly string[]): Run {
  return benchWith(process.env, ...args);
}

function benchWith(env: NodeJS.ProcessEnv, ...args: readonly string[]): Run {
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => (text += part));
  }
  return { child, output: once(child, 'close').then(() => text) };
}

function pathOf(command: string): string {
  const paths = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, command));
  const path = paths.find((each) => existsSync(each));
  if (path === undefined) throw new Error(`${command} is not here.`);
  return path;
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const stat = `/proc/${pid}/stat`;
      return existsSync(stat) && readFileSync(stat, 'utf8').split(') ')[1]?.split(' ')[1] === String(parent);
    })
    .map(Number);
}

describe('npm run bench', () => {
  before(function () {
    // The other load generator is among the peers, and those are installed by the benchmarks alone.
    if (process.platform !== 'linux' || findGenerator() !== 'wrk') this.skip();
  });

  it('compares the service with its limits, and says which aims are met', async () => {
    const { child, output } = bench(
      'protected',
      '--quick',
      '--only',
      'latchkey,express-lean,express-headers,node-http',
    );
    const text = await output;
    expect(child.exitCode, text).to.equal(0);
    expect(text).to.match(/^\| \*\*Latchkey, ES256\*\* \| [\d,.]+ \| \d+\.\d\d \| [\d,.]+ \| \d+\.\d\d \|/m);
    expect(text).to.match(/^\| Express, no authentication, lean \| [\d,.]+ \| 1\.00 \| [\d,.]+ \| 1\.00 \|/m);
    expect(text).to.match(/^\| node:http, no authentication \|/m);
    expect(text).to.match(/^\| CPU a request to lean Express without authentication \| at most 1 \|/m);
    expect(text, 'peers that were not asked for')
      .to.match(/^express [\d.]+, /m)
      .and.not.include('fastify');
  });

  it('says beside a peer that it could not be installed, and why', async () => {
    const bin = mkdtempSync(join(tmpdir(), 'latchkey-bench-test-'));
    try {
      for (const name of ['taskset', 'wrk']) symlinkSync(pathOf(name), join(bin, name));
      const { child, output } = benchWith(
        { ...process.env, PATH: bin },
        ...['protected', '--quick', '--only', 'node-http,go-jwt-es256'],
      );
      const text = await output;
      expect(child.exitCode, text).to.equal(0);
      expect(text).to.match(/^\| node:http, no authentication \| [\d,.]+ \|/m);
      expect(text).to.match(/^\| Go \+ golang-jwt, ES256 \| not measured: Go is not installed \|/m);
      expect(text).not.to.match(/golang-jwt \d/);
    } finally {
      rmSync(bin, { recursive: true });
    }
  });

  it('times logouts from the 204 to the refusal elsewhere', async () => {
    const { child, output } = bench('logouts', '--quick');
    const text = await output;
    expect(child.exitCode, text).to.equal(0);
    for (const place of [
      'another replica, PostgreSQL',
      'an API whose guard follows another replica, PostgreSQL',
      'an API behind a guard, SQLite',
    ]) {
      expect(text).to.include(`| **${place}** | `);
      expect(text).to.include(`| p99 to the refusal by ${place} | at most 50 ms | `);
    }
    expect(text.match(/^\| a request to it meanwhile \| [\d.]+ \| [\d.]+ \| [\d.]+ \|/gm)).to.have.length(3);
  });

  it('measures what live revocations cost a replica, and a guard in each language that is here', async () => {
    const { child, output } = bench('revocations-memory', 'guard-revocations', '--quick');
    const text = await output;
    expect(child.exitCode, text).to.equal(0);
    expect(text).to.match(/^\| 50,000 \|( [\d.]+ \|){5}$/m);
    for (const aim of ['at most 64 MiB', 'at most 1 s', 'at most 0.50 µs'])
      expect(text).to.include(`| ${aim} |`);
    expect(text).to.match(/^\| Node \|( [\d.]+ \|){3}$/m);
    expect(text).to.match(/^\| Python \|( [\d.]+ \|){3}$|^\| Python \| not measured: .+ \|  \|  \|$/m);
  });

  it('compares refreshes on PostgreSQL with a floor that can be reached, and shows the bare statements', async () => {
    const { child, output } = bench('refresh-postgres', '--quick');
    const text = await output;
    expect(child.exitCode, text).to.equal(0);
    for (const [subject, rows] of [
      ['\\*\\*Latchkey, refreshes\\*\\*', 2],
      ['Express with the same cryptography and one statement, through pg', 2],
      ['UPDATE … RETURNING alone, through pg', 1],
      ['INSERT … RETURNING alone, through pg', 1],
    ] as const) {
      expect(
        text.match(new RegExp(`^\\| ${subject} \\| \\d+ \\| [\\d,]+ \\| \\d\\.\\d\\d \\|`, 'gm')),
      ).to.have.length(rows);
    }
    expect(text).to.include(
      '| refreshes/s to Express with the same cryptography and one statement | at least 0.70 |',
    );
  });

  it('compares refreshes on SQLite with the same floor, on this disk and on a slow one', async () => {
    const { child, output } = bench('refresh-sqlite', '--quick');
    const text = await output;
    expect(child.exitCode, text).to.equal(0);
    const floor =
      /^\| Express with the same cryptography and one statement, commits shared \| [\d,.]+ \| \d+\.\d\d \|/gm;
    expect(text.match(floor)).to.have.length(2);
    for (const disk of ['this disk', 'fsync of 10 ms']) {
      expect(text).to.include(
        `| refreshes/s to Express with the same cryptography and one statement, ${disk} | at least 0.70 |`,
      );
    }
    expect(text).to.include('| refreshes/s to a commit each by hand, fsync of 10 ms | at least 4.00 |');
  });

  it('stops what it started on Ctrl-C', async () => {
    const { child, output } = bench('protected', '--seconds', '60', '--only', 'node-http');
    const { pid } = child;
    if (pid === undefined) throw new Error(await output);
    // A server, and the load for it.
    let children: number[] = [];
    while (children.length < 2 && child.exitCode === null) {
      await wait(50);
      children = childrenOf(pid);
    }
    child.kill('SIGINT');
    expect(await output).to.include('Stopped by SIGINT');
    expect(child.exitCode).to.equal(1);
    const remaining = (): number[] => children.filter((each) => existsSync(`/proc/${each}`));
    // They were killed; the kernel may need a moment.
    for (let attempt = 0; attempt < 100 && remaining().length > 0; attempt += 1) await wait(20);
    expect(remaining()).to.deep.equal([]);
  });

  it('says which thread a login takes its processor time from', async () => {
    const { child, output } = bench('login', '--quick');
    const text = await output;
    expect(child.exitCode, text).to.equal(0);
    expect(text).to.match(/^\| \*\*Latchkey\*\* \| [\d.]+ \| \d\.\d\d \| [\d.]+ \| [\d,.]+ \|$/m);
    expect(text).to.match(/^\| sqlite-writer \| [\d.]+ \| [\d.]+% \|$/m);
    for (const other of ['Express with argon2id and a signature', 'argon2id alone'])
      expect(text).to.include(`| logins/s to ${other} | at least 0.92 |`);
  });

  it('profiles the service under a load', async () => {
    const { child, output } = bench('refresh-sqlite', '--profile', '--quick');
    const text = await output;
    expect(child.exitCode, text).to.equal(0);
    expect(text).to.match(/^\| Latchkey \| [\d.]+% \|$/m);
    const [, functions] = text.split('| function | self time |');
    expect(functions?.match(/^\| .+ \| [\d.]+% \|$/gm)).to.have.length(15);
  });

  it('refuses a scenario of which there is no profile', async () => {
    const { child, output } = bench('first-sight', '--profile');
    expect(await output).to.include('There is no profile of first-sight.');
    expect(child.exitCode).to.equal(1);
  });

  it('writes no results of which a part is missing, or which are worth nothing', async () => {
    for (const option of [['--quick'], ['--only', 'latchkey'], ['--against', '.']]) {
      const { child, output } = bench('protected', '--write', ...option);
      expect(await output).to.include('Results that are written are whole');
      expect(child.exitCode).to.equal(1);
    }
  });

  it('refuses a scenario that is not there', async () => {
    const { child, output } = bench('protectd');
    expect(await output)
      .to.include('There is no scenario protectd.')
      .and.include('revocations-million');
    expect(child.exitCode).to.equal(1);
  });
});
