import { spawnSync } from 'node:child_process';
import { relative, resolve, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { Refusal } from './refusal.js';
import { createProject } from './project.js';
import { ownVersion, resolveLatchkey } from './latchkey.js';

const usage = `Usage: npm create latchkey <folder>

Makes an API on Latchkey in a new folder, whose name is the project's: an operation with a
table of its own, and a test of it. It asks no questions.

  npm create latchkey my-api
  cd my-api
  npm install
  npm start

Options, after "--" where npm create runs this:
  --latchkey <what>   Latchkey itself: a packed file such as latchkey-${ownVersion}.tgz, a folder that has
                      one, or a version. By default the newest of the versions ^${ownVersion}
  --node              has the lockfile bring the Node that Latchkey needs (24 or newer), for
                      machines with an older one. By default where this one is older
  --no-node           leaves that out
  --install           runs npm install, too
  --version           says which version this is
  --help              says this`;

/** By convention: 1 where it fails, 2 where its arguments were not understood. */
const misused = 2;

/** The oldest Node that the service runs on. */
const oldestForService = 24;

/** @param {readonly string[]} words */
export function runCommandLine(words) {
  const given = read(words);
  if (!given) return;
  const { values, positionals } = given;
  const [folder, extra] = positionals;
  if (values.help) console.log(usage);
  else if (values.version) console.log(ownVersion);
  else if (folder === undefined) misuse('It needs a folder.');
  else if (extra !== undefined) misuse(`There is one folder too many: "${extra}".`);
  else {
    try {
      make(folder, values);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      console.error(`${error.message}\nNothing was written.`);
      process.exitCode = 1;
    }
  }
}

/** @param {readonly string[]} words */
function read(words) {
  const flag = /** @type {const} */ ({ type: 'boolean' });
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        latchkey: { type: 'string' },
        node: flag,
        'no-node': flag,
        install: flag,
        version: flag,
        help: { ...flag, short: 'h' },
      },
    });
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (!code?.startsWith('ERR_PARSE_ARGS_')) throw error;
    // Node goes on about what an argument with a hyphen could mean.
    misuse(message.split('. ', 1).join(''));
    return undefined;
  }
}

/** @param {string} message */
function misuse(message) {
  console.error(`${message}\n\n${usage}`);
  process.exitCode = misused;
}

/**
 * @param {string} folder
 * @param {{ latchkey?: string, node?: boolean, 'no-node'?: boolean, install?: boolean }} options
 */
function make(folder, options) {
  const target = resolve(folder);
  const isOld = Number.parseInt(process.versions.node) < oldestForService;
  const bringsNode = options['no-node'] === true ? false : (options.node ?? isOld);
  const latchkey = resolveLatchkey(options.latchkey);
  createProject({ target, latchkey, bringsNode });
  const isInstalled = options.install === true && install(target);
  if (options.install === true && !isInstalled) process.exitCode = 1;
  console.log(report(nameFor(target), { bringsNode, isInstalled }));
}

/** @param {string} target */
function nameFor(target) {
  const path = relative(process.cwd(), target).replaceAll(sep, '/') || '.';
  return path.startsWith('../../') ? target : path;
}

/** @param {string} target */
function install(target) {
  const { status } = spawnSync('npm', ['install'], {
    cwd: target,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  return status === 0;
}

/**
 * @param {string} folder
 * @param {{ bringsNode: boolean, isInstalled: boolean }} how
 */
function report(folder, { bringsNode, isInstalled }) {
  const first = [...(folder === '.' ? [] : [`cd ${folder}`]), ...(isInstalled ? [] : ['npm install'])];
  const steps = [
    ...first.map((command) => `  ${command}`),
    '  npm start        builds and runs it, and prints a password: http://127.0.0.1:3000/docs/',
    '  npm test         its tests',
    '  npm run dev      builds and restarts it after each change',
  ];
  const node = bringsNode
    ? `\nThe lockfile brings the Node that npm's scripts run on; this one is ${process.versions.node}, and Latchkey needs ${oldestForService}.\n`
    : '';
  return `Made ${folder === '.' ? 'a project here' : folder}: GET and POST /reports, with a table and tests.
${node}
Next:
${steps.join('\n')}

README.md says what is where.`;
}
