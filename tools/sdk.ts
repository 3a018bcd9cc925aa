// The SDKs: `generate` makes them from the contract, `test` makes them and tries them against the real service.
//
// A folder with a tasks.js is one SDK: sdks/<name>, or sdks/smoke/<name> for generators that we only try. What a tasks.js
// exports is in sdk/tasks.ts.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { canBuild, root } from '../bin/sources.js';
import { reportMisuse, readCommandLine } from './command-line.ts';
import { ensureBuilt } from './compile.ts';
import { copySdk } from './sdk/copy-sdk.ts';
import { CommandFailed, createRunner, succeeds } from './sdk/commands.ts';
import { sumCounts, sumReports, type Counts } from './sdk/junit.ts';
import { startLiveService, writeTestedContract } from './sdk/live-service.ts';
import type { Need, TaskContext, Tasks } from './sdk/tasks.ts';

interface Sdk {
  readonly tasks: Tasks;
  readonly missing: readonly string[];
  readonly context: Omit<TaskContext, 'run'>;
}

interface Tested {
  readonly counts: Counts;
  /** What there is to say beside the counts. */
  readonly text: string;
}

/** Much of the time goes into downloads and compilers of one thread. */
const concurrency = 2;

const foldersWithTasks = (folder: string): string[] =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder)).filter((name) => existsSync(join(root, folder, name, 'tasks.js')))
    : [];
const sdks = foldersWithTasks('sdks');
const everything = [...sdks, ...foldersWithTasks('sdks/smoke').map((name) => `smoke/${name}`)];

const usage = `Usage: npm run sdk -- ${[...sdks, 'all'].join('|')}     makes these
       npm run sdk -- <name> --document <openapi.json> --out <folder>
                                           makes a client of a project's contract, in a folder of the project
       npm run test:sdks [-- <name> ...]   makes and tries these, or all of them

There are: ${everything.join(', ')}.`;
const text = { type: 'string' } as const;
const given = readCommandLine(usage, { allowPositionals: true, options: { document: text, out: text } });
const [command = '', ...names] = given?.positionals ?? [];
/** Where npm was called. */
const folder = process.env['INIT_CWD'] ?? process.cwd();
const { document: ofProject, out } = (given?.values ?? {}) as {
  readonly document?: string;
  readonly out?: string;
};
const document = ofProject === undefined ? join(root, 'generated/openapi.json') : resolve(folder, ofProject);
const chosen = given && choose();
if (chosen && !existsSync(document)) {
  console.error(`There is no ${document}. Build the project first.`);
  process.exitCode = 1;
} else if (chosen && ofProject === undefined && !(await prepareContract())) process.exitCode = 1;
else if (chosen) await (command === 'test' ? testAll(chosen) : generateAll(chosen));

function choose(): string[] | undefined {
  const unknown = names.filter((name) => name !== 'all' && !everything.includes(name));
  if (!['generate', 'test'].includes(command) || (command === 'generate' && names.length === 0)) {
    reportMisuse('Which SDK?', usage);
  } else if (unknown.length > 0) {
    reportMisuse(`There is no SDK ${unknown.join(', ')}.`, usage);
  } else if ((ofProject === undefined) !== (out === undefined)) {
    reportMisuse('--document and --out go together.', usage);
  } else if (
    out !== undefined &&
    (command === 'test' || names.length !== 1 || !sdks.includes(names[0] ?? ''))
  ) {
    reportMisuse(`One of ${sdks.join(', ')} is made with --out.`, usage);
  } else if (names.includes('all')) return command === 'test' ? everything : sdks;
  else return names.length > 0 ? [...new Set(names)] : everything;
  return undefined;
}

/** The contract and the service are those of the sources. */
async function prepareContract(): Promise<boolean> {
  if (!canBuild()) {
    console.error('The tools that build the contract are not installed. Run "npm ci".');
    return false;
  }
  return ensureBuilt(false);
}

async function load(name: string): Promise<Sdk> {
  const folder = join(root, 'sdks', name);
  const tasks = (await import(pathToFileURL(join(folder, 'tasks.js')).href)) as Tasks;
  const missing: string[] = [];
  for (const need of tasks.needs ?? []) if (!(await succeeds(root, need))) missing.push(getName(need));
  const { version } = (JSON.parse(readFileSync(document, 'utf8')) as { info: { version: string } }).info;
  return { tasks, missing, context: { document, version, folder } };
}

function getName(need: Need): string {
  return typeof need === 'string' ? need : need.join(' ');
}

async function generateAll(which: readonly string[]): Promise<void> {
  for (const name of which) {
    const { tasks, missing, context } = await load(name);
    try {
      if (missing.length > 0) throw new CommandFailed(`It needs what is not here: ${missing.join(', ')}`);
      const target = out === undefined ? context.folder : copySdk(context.folder, resolve(folder, out));
      await tasks.generate({ ...context, folder: target, run: createRunner(root, target).run });
      console.log(`ok       ${name}: ${out ?? `sdks/${name}/generated`}`);
    } catch (error) {
      console.log(`FAILED   ${name}\n${explain(error)}`);
      process.exitCode = 1;
    }
  }
}

async function testAll(which: readonly string[]): Promise<void> {
  const tested: Counts[] = [];
  const waiting = [...which];
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const startedAt = performance.now();
      const { text, counts } = await testOne(name);
      tested.push(counts);
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      console.log(
        `${counts.failed > 0 ? 'FAILED' : 'ok    '}   ${name} (${seconds} s): ${writeSentence(counts)}${text}`,
      );
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  const total = sumCounts(tested);
  console.log(writeSentence(total));
  const file = process.env['TEST_COUNTS'];
  if (file !== undefined) writeFileSync(file, `${total.passed} ${total.failed} ${total.skipped}\n`);
  if (total.failed > 0) process.exitCode = 1;
}

function writeSentence({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

async function testOne(name: string): Promise<Tested> {
  const { tasks, missing, context } = await load(name);
  if (missing.length > 0) {
    const counts = { passed: 0, failed: 0, skipped: 1 };
    return { counts, text: `: it needs what is not here: ${missing.join(', ')}` };
  }
  const { run, runs } = createRunner(root, context.folder);
  const errors: string[] = [];
  const reports: string[] = [];
  const contract = writeTestedContract(root);
  let service: Awaited<ReturnType<typeof startLiveService>> | undefined;
  try {
    const { document: tested, folder } = contract;
    await tasks.generate({ ...context, document: tested, run });
    service = await startLiveService(root, folder);
    reports.push(...((await tasks.test({ ...context, document: tested, run, env: service.env })) ?? []));
  } catch (error) {
    errors.push(explain(error));
  } finally {
    await service?.stop();
    contract.remove();
  }
  const counts = sumReports([...reports, ...runs.flatMap(({ reports: written }) => written)]);
  const broken = runs.filter(({ status }) => status !== 0);
  if (broken.length > 0 && counts.failed === 0)
    errors.push('A test runner failed, and its report does not say why.');
  if (errors.length === 0 && counts.passed + counts.failed === 0) errors.push('It ran no test.');
  const text = [...broken.map(({ output }) => output), ...errors].map((part) => `\n${part}`).join('');
  return { counts: { ...counts, failed: counts.failed + errors.length }, text };
}

/** What a person can act on; an error of the driver's own keeps its stack. */
function explain(error: unknown): string {
  if (error instanceof CommandFailed) return error.message;
  return error instanceof Error ? String(error.stack) : String(error);
}
