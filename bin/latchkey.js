#!/usr/bin/env node
// The command. It finds a Node that can run the service, builds what is stale, and hands over.
// Plain JavaScript, and for any Node that npm runs on: it is there before anything is built.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { eraseNpmBanner } from './npm-banner.js';
import { findProject } from './project.js';
import { canBuild, findTool, isBuilt, isStale, root } from './sources.js';

/** @typedef {import('../src/cli/launcher.js').Launcher} Launcher */
/** @typedef {{ start: (loadProject: () => Promise<object>, settingsFile?: string) => Promise<void> }} MainModule */
/** @typedef {{ default: object }} ProjectModule */
/** @typedef {{ develop: (project: string) => Promise<never> }} DevelopModule */
/** @typedef {{ runCommandLine: (parameters: readonly string[], launcher: Launcher) => Promise<void> }} CommandLineModule */

const parameters = process.argv.slice(2);

/** The folder of the project that the command is about; undefined: there is none. */
const project = findProject(process.cwd(), root);

/** Whether that is this package's own, which is built in its checkout. */
const isOwn = project !== undefined && resolve(project) === resolve(root);

/** What to run where the tools of a build are missing. */
const installTools = isOwn ? 'npm ci' : 'npm install';

// libuv looks up names in half of its threads, which are four unless this says otherwise before the first is used: each name
// server that does not respond holds one of them for seconds.
process.env['UV_THREADPOOL_SIZE'] ??= '16';

/** Older ones lack the SQLite that the service uses. */
const oldestNode = 24;

if (Number.parseInt(process.versions.node) < oldestNode) runOnPackagedNode();
else await run();

function runOnPackagedNode() {
  const node = packagedNode();
  if (!node) {
    console.error(
      `This is Node ${process.versions.node}, and the service needs ${oldestNode} or newer. ${isOwn ? `The lockfile brings one for Linux, macOS and Windows, among the development dependencies: run "npm ci", or install Node ${oldestNode}.` : `Install it.`}`,
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
  const require = createRequire(join(project ?? root, 'package.json'));
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
  if (!loadSettings()) return;
  const launcher = createLauncher();
  // These need neither what is built nor what reads a command line, unless there is more to read.
  const only = parameters.length === 1 ? parameters[0] : undefined;
  const [command, ...rest] = parameters;
  eraseNpmBanner(only);
  if (only === 'start') await launcher.start();
  else if (only === 'dev') await launcher.develop();
  else if (command === 'build') launcher.build(rest);
  else if (command === 'check') launcher.build(['--check', ...rest]);
  else if (command === 'new') launcher.make(rest);
  else if (ensureBuilt()) {
    const { runCommandLine } = /** @type {CommandLineModule} */ (await import(compiled('cli/cli.js')));
    await runCommandLine(parameters, launcher);
  }
}

function settingsFile() {
  return project === undefined ? undefined : join(isOwn ? process.cwd() : project, '.env');
}

/**
 * Reads `.env` of the project, or in a checkout of the working directory; the environment comes first. As Node's
 * `--env-file-if-exists` does, which older versions refuse to start with, and which a package's command cannot be given.
 * @returns {boolean} whether it could be read.
 */
function loadSettings() {
  const file = settingsFile();
  if (file === undefined) return true;
  try {
    process.loadEnvFile(file);
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code !== 'ENOENT')
      return refuse(
        `The settings in ${file} cannot be read (${message}). Make it a file that this user may read, or remove it.`,
      );
  }
  return true;
}

/** @returns {Launcher} */
function createLauncher() {
  return {
    version: packageVersion(),
    settingsFile: settingsFile(),
    async loadProject() {
      const file = join(project ?? root, 'dist/src/project.js');
      return /** @type {ProjectModule} */ (await import(pathToFileURL(file).href)).default;
    },
    async start() {
      if (!ensureBuilt('Building.')) return;
      const { start } = /** @type {MainModule} */ (await import(compiled('server/main.js')));
      await start(() => this.loadProject(), settingsFile());
    },
    async develop() {
      if (!ensureTools()) return;
      const tool = /** @type {DevelopModule} */ (await import(pathToFileURL(findTool('develop')).href));
      await tool.develop(/** @type {string} */ (project));
    },
    build(words) {
      if (ensureTools()) runTool('build', words);
    },
    make(words) {
      if (ensureTools()) runTool('new', words);
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

/**
 * In a process of its own, so that what a build loads is not in the service's memory.
 * @param {string} name
 * @param {readonly string[]} [words]
 * @returns {boolean} whether it worked; its exit code is this process's, too.
 */
function runTool(name, words = []) {
  const { status } = spawnSync(process.execPath, [findTool(name), ...words], {
    cwd: project,
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
  return status === 0;
}

/** @returns {boolean} whether a project is there, with the tools to build it; where not, it says so. */
function ensureTools() {
  if (project === undefined) return refuse(noProject());
  if (canBuild(project)) return true;
  return refuse(
    isOwn
      ? `The tools to build it are not installed. Run "${installTools}".`
      : `The tools to build the project in ${project} are not installed: tsoa and typescript, of its development dependencies. Run "${installTools}" there.`,
  );
}

function noProject() {
  return `There is no project in ${process.cwd()} or above it: a folder with src/project.ts, and with latchkey among the dependencies of its package.json. "npm create latchkey my-api" makes one.`;
}

/**
 * @param {string} message
 * @returns {false}
 */
function refuse(message) {
  console.error(message);
  process.exitCode = 1;
  return false;
}

/**
 * @param {string} [announcement] where a build is needed: it takes a while.
 * @returns {boolean} whether there is something to run.
 */
function ensureBuilt(announcement) {
  if (project === undefined) return refuse(noProject());
  if (canBuild(project)) {
    if (!isStale(false, project)) return true;
    if (announcement !== undefined) console.log(announcement);
    return runTool('build');
  }
  if (isBuilt(project)) return true;
  return refuse(
    isOwn
      ? `The service is not built, and the tools to build it are not installed. Run "npm ci && npm run build".`
      : `The project in ${project} is not built, and the tools to build it are not installed: tsoa and typescript. Run "npm install && npm run build" there.`,
  );
}
