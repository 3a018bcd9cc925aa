// Runs tests again and again, as machines of other sizes and with other work would: `npm run test:flakes`.
// Ends with "N passed, N failed"; what failed is printed when it has.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { root } from '../bin/sources.js';
import { reportMisuse, readCommandLine } from './command-line.ts';
import { ensureBuilt } from './compile.ts';

interface Options {
  readonly times: number;
  readonly cores: readonly string[];
  readonly suites: readonly Suite[];
  readonly busy: boolean;
  readonly pinned: boolean;
  readonly delays: string;
}

interface Suite {
  readonly name: string;
  /** Mocha's configuration, in the project's folder; undefined: the default one. */
  readonly configuration?: string;
}

const usage = `Usage: npm run test:flakes -- [--times 10] [--cores 1,3,8,16] [--suites test] [--busy] [--pinned] [--delays 30]

  --times    how often with each number of cores
  --cores    how many cores Node is to believe in: TEST_PARALLELISM
  --suites   which: test, or a slower one such as test:process
  --busy     something else keeps every core busy meanwhile
  --pinned   all of it on one core (taskset, of Linux)
  --delays   at most how many milliseconds connections, logs and threads are late: TEST_DELAYS`;

const options = readOptions();
if (options && !(await ensureBuilt(true))) process.exitCode = 1;
else if (options) runAll(options);

function readOptions(): Options | undefined {
  const given = readCommandLine(usage, {
    options: {
      times: { type: 'string', default: '10' },
      cores: { type: 'string', default: '1,3,8,16' },
      suites: { type: 'string', default: 'test' },
      busy: { type: 'boolean', default: false },
      pinned: { type: 'boolean', default: false },
      delays: { type: 'string', default: '0' },
    },
  });
  if (!given) return undefined;
  const { times, cores, suites, ...rest } = given.values as {
    times: string;
    cores: string;
    suites: string;
    busy: boolean;
    pinned: boolean;
    delays: string;
  };
  const wrong = [times, ...cores.split(',')].find((text) => !/^[1-9]\d{0,3}$/.test(text));
  if (wrong !== undefined) {
    reportMisuse(`"${wrong}" is no number of runs or cores.`, usage);
    return undefined;
  }
  if (!/^\d{1,4}$/.test(rest.delays)) {
    reportMisuse(`"${rest.delays}" is no number of milliseconds.`, usage);
    return undefined;
  }
  const chosen = suites.split(',').map(findSuite);
  const unknown = chosen.find(
    ({ configuration = '.mocharc.json' }) => !existsSync(join(root, configuration)),
  );
  if (unknown) {
    reportMisuse(`"${unknown.name}" is no suite of tests.`, usage);
    return undefined;
  }
  return { ...rest, times: Number(times), cores: cores.split(','), suites: chosen };
}

/** @param name the script of package.json */
function findSuite(name: string): Suite {
  return name === 'test' ? { name } : { name, configuration: `.mocharc.${name.replace('test:', '')}.json` };
}

function runAll({ times, cores, suites, busy, pinned, delays }: Options): void {
  const loops = busy ? Array.from({ length: availableParallelism() }, keepBusy) : [];
  const counts = { passed: 0, failed: 0 };
  const runs = cores.flatMap((parallelism) => suites.map((suite) => ({ parallelism, suite })));
  try {
    for (let time = 1; time <= times; time += 1) {
      for (const { parallelism, suite } of runs) {
        const { status, stdout, stderr } = runTests(suite, parallelism, pinned, delays);
        counts[status === 0 ? 'passed' : 'failed'] += 1;
        const what = `${suite.name}, ${parallelism} cores, ${time} of ${times}`;
        console.log(`${status === 0 ? 'ok    ' : 'FAILED'}  ${what}`);
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

function runTests({ configuration }: Suite, parallelism: string, pinned: boolean, delays: string) {
  const pin = pinned ? ['taskset', '--cpu-list', '0'] : [];
  const mocha = [process.execPath, join(root, 'node_modules/mocha/bin/mocha.js')];
  const configured = configuration === undefined ? [] : ['--config', configuration];
  const [program = '', ...parameters] = [...pin, ...mocha, ...configured];
  return spawnSync(program, parameters, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: {
      ...process.env,
      TEST_PARALLELISM: parallelism,
      ...(delays !== '0' && { TEST_DELAYS: delays }),
    },
  });
}
