#!/usr/bin/env node
// The command. It finds a Node that can run the service, builds what is stale, and hands over.
// Plain JavaScript, and for any Node that npm runs on: it is there before anything is built.
import { spawn } from 'node:child_process';
import { readFileSync, watch } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, canBuild, isBuilt, isStale } from './build.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const words = process.argv.slice(2);

/** Older ones lack the SQLite that the service uses. */
const oldestNode = 24;

if (Number(process.versions.node.split('.')[0]) < oldestNode) runOnPackagedNode();
else await run();

function runOnPackagedNode() {
  const node = packagedNode();
  if (!node) {
    console.error(
      `This is Node ${process.versions.node}, and the service needs ${oldestNode} or newer. The lockfile brings one for Linux, macOS and Windows: run "npm ci" without --omit=optional, or install Node ${oldestNode}.`,
    );
    process.exitCode = 1;
    return;
  }
  const child = spawn(node, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', ({ message }) => {
    console.error(
      `The Node that the lockfile brought does not run here (${message}). Install Node ${oldestNode} or newer.`,
    );
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal ? 1 : 0);
  });
}

/** Node's binaries as npm carries them; each package installs on its own platform alone. */
function packagedNode() {
  const require = createRequire(import.meta.url);
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  for (const prefix of ['node', 'node-bin']) {
    try {
      const manifest = require.resolve(`${prefix}-${platform}-${process.arch}/package.json`);
      return join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  return undefined;
}

async function run() {
  const own = launcher();
  const alone = new Map([
    ['start', own.start],
    ['dev', own.develop],
    ['build', own.build],
  ]);
  // These need neither what is built nor what reads a command line, unless there is more to read.
  const only = words.length === 1 ? alone.get(words[0]) : undefined;
  if (only) await only();
  else if (ensureBuilt()) await (await import('../dist/src/cli/cli.js')).runCommandLine(words, own);
}

/** @returns {import('../dist/src/cli/program.js').Launcher} */
function launcher() {
  return {
    version: JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version,
    async start() {
      if (ensureBuilt(() => console.log('Building.')))
        await (await import('../dist/src/server/main.js')).main();
    },
    develop,
    build() {
      if (isStale() && !build()) process.exitCode = 1;
    },
  };
}

/**
 * @param beforeBuild is called where a build is needed: it takes a while.
 * @returns {boolean} whether there is something to run.
 */
function ensureBuilt(beforeBuild = () => undefined) {
  if (canBuild()) {
    if (!isStale()) return true;
    beforeBuild();
    if (build()) return true;
  } else if (isBuilt()) return true;
  else
    console.error(
      'The service is not built, and the tools to build it are not installed. Run "npm ci && npm run build".',
    );
  process.exitCode = 1;
  return false;
}

/** Rebuilds and restarts on each change; a build that fails leaves the last good one running. */
function develop() {
  let child;
  let timer;
  /** What comes after the child's end, where it was told to end. */
  let next;
  const start = () => {
    next = undefined;
    child = spawn(process.execPath, [fileURLToPath(import.meta.url), 'start'], { stdio: 'inherit' });
    child.once('exit', () => next?.());
  };
  const end = (signal, then) => {
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    next = then;
    if (hasEnded) then();
    else child.kill(signal);
  };
  const watcher = watch(join(root, 'src'), { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!isStale() || !build()) return;
      console.log('Rebuilt; restarting.');
      end('SIGTERM', start);
    }, 100);
  });
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => {
      watcher.close();
      clearTimeout(timer);
      end(signal, () => process.exit(0));
    });
  }
  if (canBuild() && isStale()) build();
  start();
}
