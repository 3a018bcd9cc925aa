#!/usr/bin/env node
// The SDKs: `generate` makes them from the contract, `test` makes them and tries them against the real service.
//
// A folder with a tasks.js is one SDK: sdks/<name>, or sdks/smoke/<name> for generators that we only try.
// A tasks.js exports
//   needs     what has to be there: names of commands on PATH, or [command, ...parameters] that exit with 0. Where one is
//             not, the SDK is skipped by name.
//   generate  ({ document, version, folder, run }) makes its `generated` folder from the contract.
//   test      ({ document, version, folder, run, env }) compiles and tests it. `env` says where the service is and who may
//             log in: see sdk/live-service.js. It may return paths of JUnit XML reports: files, or folders of them.
// `run(command, parameters, { env, cwd, input, report })` runs a command in the SDK's folder, with the lockfile's Node
// on PATH, and resolves with its stdout. It throws where the command fails, with the output; not so a test runner whose
// reports are named in `report` (one path or several) and are there: its failures are counted.
//
// Plain JavaScript, and for any Node that npm runs on.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, canBuild, isStale } from './build.js';
import { CommandFailed, runnerFor, succeeds } from './sdk/commands.js';
import { sumReports } from './sdk/junit.js';
import { startLiveService } from './sdk/live-service.js';
import { misused, readWords } from './words.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const document = join(root, 'generated/openapi.json');
/** Much of the time goes into downloads and compilers of one thread. */
const atATime = 2;

const foldersWithTasks = (folder) =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder)).filter((name) => existsSync(join(root, folder, name, 'tasks.js')))
    : [];
const sdks = foldersWithTasks('sdks');
const everything = [...sdks, ...foldersWithTasks('sdks/smoke').map((name) => `smoke/${name}`)];

const usage = `Usage: npm run sdk -- ${[...sdks, 'all'].join('|')}     makes these
       npm run test:sdks [-- <name> ...]   makes and tries these, or all of them

There are: ${everything.join(', ')}.`;
const words = readWords(usage, { allowPositionals: true });
const [command, ...names] = words?.positionals ?? [];
const chosen = words && choose();
if (words && !chosen) process.exitCode = misused;
else if (chosen && !prepareContract()) process.exitCode = 1;
else if (chosen) await (command === 'test' ? testAll(chosen) : generateAll(chosen));

function choose() {
  const unknown = names.filter((name) => name !== 'all' && !everything.includes(name));
  if (!['generate', 'test'].includes(command) || (command === 'generate' && names.length === 0)) {
    console.error(`Which SDK?\n\n${usage}`);
  } else if (unknown.length > 0) {
    console.error(`There is no SDK ${unknown.join(', ')}.\n\n${usage}`);
  } else if (names.includes('all')) return command === 'test' ? everything : sdks;
  else return names.length > 0 ? [...new Set(names)] : everything;
  return undefined;
}

/** The contract and the service are those of the sources. */
function prepareContract() {
  if (!canBuild()) {
    console.error('The tools that build the contract are not installed. Run "npm ci".');
    return false;
  }
  return !isStale() || build();
}

async function load(name) {
  const folder = join(root, 'sdks', name);
  const tasks = await import(pathToFileURL(join(folder, 'tasks.js')).href);
  const missing = [];
  for (const need of tasks.needs ?? [])
    if (!(await succeeds(root, need))) missing.push([need].flat().join(' '));
  const { version } = JSON.parse(readFileSync(document, 'utf8')).info;
  return { tasks, missing, context: { document, version, folder } };
}

async function generateAll(which) {
  for (const name of which) {
    const { tasks, missing, context } = await load(name);
    try {
      if (missing.length > 0) throw new CommandFailed(`It needs what is not here: ${missing.join(', ')}`);
      await tasks.generate({ ...context, run: runnerFor(root, context.folder).run });
      console.log(`ok       ${name}: sdks/${name}/generated`);
    } catch (error) {
      console.log(`FAILED   ${name}\n${explain(error)}`);
      process.exitCode = 1;
    }
  }
}

async function testAll(which) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  const waiting = [...which];
  const work = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const startedAt = performance.now();
      const { text, ...counts } = await testOne(name);
      for (const kind of Object.keys(total)) total[kind] += counts[kind];
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      console.log(
        `${counts.failed > 0 ? 'FAILED' : 'ok    '}   ${name} (${seconds} s): ${sentence(counts)}${text}`,
      );
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  console.log(sentence(total));
  const file = process.env['TEST_COUNTS'];
  if (file !== undefined) writeFileSync(file, `${total.passed} ${total.failed} ${total.skipped}\n`);
  if (total.failed > 0) process.exitCode = 1;
}

function sentence({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** @returns {Promise<{passed: number, failed: number, skipped: number, text: string}>} `text`: what to know of it. */
async function testOne(name) {
  const { tasks, missing, context } = await load(name);
  if (missing.length > 0) {
    return { passed: 0, failed: 0, skipped: 1, text: `: it needs what is not here: ${missing.join(', ')}` };
  }
  const { run, runs } = runnerFor(root, context.folder);
  const faults = [];
  const reports = [];
  let service;
  try {
    await tasks.generate({ ...context, run });
    service = await startLiveService(root);
    reports.push(...((await tasks.test({ ...context, run, env: service.env })) ?? []));
  } catch (error) {
    faults.push(explain(error));
  } finally {
    await service?.stop();
  }
  const counts = sumReports([...reports, ...runs.flatMap(({ reports: written }) => written)]);
  const broken = runs.filter(({ status }) => status !== 0);
  if (broken.length > 0 && counts.failed === 0)
    faults.push('A test runner failed, and its report does not say why.');
  if (faults.length === 0 && counts.passed + counts.failed === 0) faults.push('It ran no test.');
  const text = [...broken.map(({ output }) => output), ...faults].map((part) => `\n${part}`).join('');
  return { ...counts, failed: counts.failed + faults.length, text };
}

/** What a person can act on; a fault of ours keeps its stack. */
function explain(error) {
  return error instanceof CommandFailed ? error.message : String(error?.stack ?? error);
}
