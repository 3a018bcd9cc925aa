#!/usr/bin/env node
// The command. It finds a Node that can run the service, builds what is stale, and hands over.
// Plain JavaScript, and for any Node that npm runs on: it is there before anything is built.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { eraseNpmBanner } from './npm-banner.js';
import { findProject } from './project.js';
import { buildScript, canBuild, isBuilt, isStale, root } from './sources.js';

/** @typedef {import('../src/cli/launcher.js').Launcher} Launcher */
/** @typedef {{ start: (loadProject: () => Promise<object>) => Promise<void> }} MainModule */
/** @typedef {{ default: object }} ProjectModule */
/** @typedef {{ runCommandLine: (parameters: readonly string[], launcher: Launcher) => Promise<void> }} CommandLineModule */

const parameters = process.argv.slice(2);

/** The folder of the project that the command is about; undefined: there is none. */
const project = findProject(process.cwd(), root);

/** Older ones lack the SQLite that the service uses. */
const oldestNode = 24;

if (Number.parseInt(process.versions.node) < oldestNode) runOnPackagedNode();
else await run();

function runOnPackagedNode() {
  const node = packagedNode();
  if (!node) {
    console.error(
      `This is Node ${process.versions.node}, and the service needs ${oldestNode} or newer. The lockfile brings one for Linux, macOS and Windows, among the development dependencies: run "npm ci", or install Node ${oldestNode}.`,
    );
    process.exitCode = 1;
    return;
  }
  const child = spawn(node, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' });
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT', 'SIGHUP']))
    process.on(signal, () => child.kill(signal));
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
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  return undefined;
}

async function run() {
  const launcher = createLauncher();
  // These need neither what is built nor what reads a command line, unless there is more to read.
  const only = parameters.length === 1 ? parameters[0] : undefined;
  eraseNpmBanner(only);
  if (only === 'start') await launcher.start();
  else if (only === 'dev') await launcher.develop();
  else if (only === 'build') launcher.build();
  else if (ensureBuilt()) {
    const { runCommandLine } = /** @type {CommandLineModule} */ (await import(compiled('cli/cli.js')));
    await runCommandLine(parameters, launcher);
  }
}

/** @returns {Launcher} */
function createLauncher() {
  return {
    version: packageVersion(),
    async loadProject() {
      const file = join(project ?? root, 'dist/src/project.js');
      return /** @type {ProjectModule} */ (await import(pathToFileURL(file).href)).default;
    },
    async start() {
      if (!ensureBuilt('Building.')) return;
      const { start } = /** @type {MainModule} */ (await import(compiled('server/main.js')));
      await start(() => this.loadProject());
    },
    async develop() {
      if (canBuild()) await (await import('../tools/develop.ts')).develop();
      else refuseToBuild();
    },
    build() {
      if (!canBuild()) refuseToBuild();
      else if (isStale() && !build()) process.exitCode = 1;
    },
  };
}

function packageVersion() {
  const text = readFileSync(join(root, 'package.json'), 'utf8');
  return /** @type {{ version: string }} */ (JSON.parse(text)).version;
}

/** @param {string} file */
function compiled(file) {
  return new URL(`../dist/src/${file}`, import.meta.url).href;
}

/** In a process of its own, so that what a build loads is not in the service's memory. */
function build() {
  return spawnSync(process.execPath, [buildScript], { stdio: 'inherit' }).status === 0;
}

function refuseToBuild() {
  console.error('The tools to build it are not installed. Run "npm ci".');
  process.exitCode = 1;
}

/**
 * @param {string} [announcement] where a build is needed: it takes a while.
 * @returns {boolean} whether there is something to run.
 */
function ensureBuilt(announcement) {
  if (project === undefined) {
    console.error(
      `There is no project in ${process.cwd()} or above it: a folder with src/project.ts, and with latchkey among the dependencies of its package.json.`,
    );
  } else if (project !== root) {
    if (existsSync(join(project, 'dist/src/project.js'))) return true;
    console.error(`The project in ${project} is not built. Run "npm run build" there.`);
  } else if (canBuild()) {
    if (!isStale()) return true;
    if (announcement !== undefined) console.log(announcement);
    if (build()) return true;
  } else if (isBuilt()) return true;
  else
    console.error(
      'The service is not built, and the tools to build it are not installed. Run "npm ci && npm run build".',
    );
  process.exitCode = 1;
  return false;
}
