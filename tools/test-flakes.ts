// Runs all tests again and again, as machines of other sizes and with other work would: `npm run test:flakes`.
// Ends with "N passed, N failed"; what failed is printed when it has.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { root } from '../bin/sources.js';
import { reportMisuse, readCommandLine } from './command-line.ts';
import { ensureBuilt } from './compile.ts';

interface Options {
  readonly times: number;
  readonly cores: readonly string[];
  readonly busy: boolean;
  readonly pinned: boolean;
}

const usage = `Usage: npm run test:flakes -- [--times 10] [--cores 1,3,8,16] [--busy] [--pinned]

  --times    how often with each number of cores
  --cores    how many cores Node is to believe in: TEST_PARALLELISM
  --busy     something else keeps every core busy meanwhile
  --pinned   all of it on one core (taskset, of Linux)`;

const options = readOptions();
if (options && !(await ensureBuilt(true))) process.exitCode = 1;
else if (options) runAll(options);

function readOptions(): Options | undefined {
  const given = readCommandLine(usage, {
    options: {
      times: { type: 'string', default: '10' },
      cores: { type: 'string', default: '1,3,8,16' },
      busy: { type: 'boolean', default: false },
      pinned: { type: 'boolean', default: false },
    },
  });
  if (!given) return undefined;
  const { times, cores, busy, pinned } = given.values as {
    times: string;
    cores: string;
    busy: boolean;
    pinned: boolean;
  };
  const wrong = [times, ...cores.split(',')].find((text) => !/^[1-9]\d{0,3}$/.test(text));
  if (wrong !== undefined) {
    reportMisuse(`"${wrong}" is no number of runs or cores.`, usage);
    return undefined;
  }
  return { busy, pinned, times: Number(times), cores: cores.split(',') };
}

function runAll({ times, cores, busy, pinned }: Options): void {
  const loops = busy ? Array.from({ length: availableParallelism() }, keepBusy) : [];
  const counts = { passed: 0, failed: 0 };
  try {
    for (let time = 1; time <= times; time += 1) {
      for (const parallelism of cores) {
        const { status, stdout, stderr } = runTests(parallelism, pinned);
        counts[status === 0 ? 'passed' : 'failed'] += 1;
        console.log(`${status === 0 ? 'ok    ' : 'FAILED'}  ${parallelism} cores, ${time} of ${times}`);
        if (status !== 0) console.log(`${stdout.slice(stdout.lastIndexOf(' passing'))}${stderr}`);
      }
    }
  } finally {
    for (const loop of loops) loop.kill('SIGKILL');
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  process.exitCode = counts.failed > 0 ? 1 : 0;
}

function keepBusy(): ChildProcess {
  return spawn(process.execPath, ['--eval', 'for (;;);'], { stdio: 'ignore' });
}

function runTests(parallelism: string, pinned: boolean) {
  const pin = pinned ? ['taskset', '--cpu-list', '0'] : [];
  const mocha = [process.execPath, join(root, 'node_modules/mocha/bin/mocha.js')];
  const [program = '', ...parameters] = [...pin, ...mocha];
  return spawnSync(program, parameters, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, TEST_PARALLELISM: parallelism },
  });
}
