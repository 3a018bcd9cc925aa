import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
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
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => (text += part));
  }
  return { child, output: once(child, 'close').then(() => text) };
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
    expect(text).to.match(/^\| Python \|( [\d.]+ \|){3}$|^Skipped: the guard for Python \(.+\)\.$/m);
  });

  it('compares refreshes on PostgreSQL with the bare statements', async () => {
    const { child, output } = bench('refresh-postgres', '--quick');
    const text = await output;
    expect(child.exitCode, text).to.equal(0);
    for (const [subject, rows] of [
      ['\\*\\*Latchkey, refreshes\\*\\*', 2],
      ['UPDATE … RETURNING alone, through pg', 1],
      ['INSERT … RETURNING alone, through pg', 1],
    ] as const) {
      expect(
        text.match(new RegExp(`^\\| ${subject} \\| \\d+ \\| [\\d,]+ \\| \\d\\.\\d\\d \\|`, 'gm')),
      ).to.have.length(rows);
    }
    expect(text).to.include('| refreshes/s to the fastest statement alone | at least 0.70 |');
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

  it('refuses a scenario that is not there', async () => {
    const { child, output } = bench('protectd');
    expect(await output)
      .to.include('There is no scenario protectd.')
      .and.include('revocations-million');
    expect(child.exitCode).to.equal(1);
  });
});
