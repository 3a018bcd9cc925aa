#!/usr/bin/env node
// Runs all tests again and again, as machines of other sizes and with other work would: `npm run test:flakes`.
// Ends with "N passed, N failed"; what failed is printed when it has.
import { spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build, isStale } from './build.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const usage = `Usage: npm run test:flakes -- [--times 10] [--cores 1,3,8,16] [--busy] [--pinned]

  --times    how often with each number of cores
  --cores    how many cores Node is to believe in: TEST_PARALLELISM
  --busy     something else keeps every core busy meanwhile
  --pinned   all of it on one core (taskset, of Linux)`;

const options = read();
if (options && (!isStale(true) || build(true))) await runAll(options);
else process.exitCode = options ? 1 : 2;

function read() {
  try {
    const { values } = parseArgs({
      options: {
        times: { type: 'string', default: '10' },
        cores: { type: 'string', default: '1,3,8,16' },
        busy: { type: 'boolean', default: false },
        pinned: { type: 'boolean', default: false },
      },
    });
    const numbers = [values.times, ...values.cores.split(',')];
    const wrong = numbers.find((text) => !/^[1-9]\d{0,3}$/.test(text));
    if (wrong !== undefined) throw new Error(`"${wrong}" is no number of runs or cores.`);
    return { ...values, times: Number(values.times), cores: values.cores.split(',') };
  } catch ({ message }) {
    console.error(`${message}\n\n${usage}`);
    return undefined;
  }
}

async function runAll({ times, cores, busy, pinned }) {
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

function keepBusy() {
  return spawn(process.execPath, ['--eval', 'for (;;);'], { stdio: 'ignore' });
}

function runTests(parallelism, pinned) {
  const command = [process.execPath, join(root, 'node_modules/mocha/bin/mocha.js')];
  const [program, ...words] = pinned ? ['taskset', '--cpu-list', '0', ...command] : command;
  return spawnSync(program, words, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, TEST_PARALLELISM: parallelism },
  });
}
