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

  it('refuses a scenario that is not there', async () => {
    const { child, output } = bench('protectd');
    expect(await output)
      .to.include('There is no scenario protectd.')
      .and.include('revocations-million');
    expect(child.exitCode).to.equal(1);
  });
});
