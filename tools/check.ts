// Runs all checks of the code, or those that are named, on all cores: checks that compile share one process, the others are
// processes of their own. Ends with "N passed, N failed", and where the build fails with how many were not checked, because
// compiled files are then stale.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { root } from '../bin/sources.js';
import { run, TypedChecks } from './check/processes.ts';
import { readCommandLine, reportMisuse } from './command-line.ts';

interface Check {
  readonly what: string;
  /** A program with its arguments; undefined: it is one of those that share a process. */
  readonly command?: readonly string[];
  /** Whether it looks at what is compiled. */
  readonly needsBuild?: boolean;
}

type Outcome = 'passed' | 'failed' | 'not checked';

const tool = (name: string): string[] => [process.execPath, join(root, 'tools/check', `${name}.ts`)];
const packaged = (name: string): string => join(root, 'node_modules/.bin', name);

const checks: Readonly<Record<string, Check>> = {
  generated: { what: 'types, and generated files up to date' },
  'tool-types': { what: 'types of the launcher and the tools' },
  'bench-types': { what: 'types of the benchmarks' },
  instances: { what: 'instances of classes are made by their classes' },
  format: { what: 'format', command: [packaged('oxfmt'), '--check', '.'] },
  layers: {
    what: 'layers: no import runs upward, no ring',
    command: [packaged('depcruise'), '--config', '.dependency-cruiser.js', 'src', 'tools', 'bench'],
  },
  licenses: { what: 'licenses and checksums of what the service runs on', command: tool('licenses') },
  unused: { what: 'unused code and dependencies', command: [packaged('knip')] },
  contract: {
    what: 'contract: Redocly, Spectral, OWASP, and our own rules',
    command: tool('contract'),
    needsBuild: true,
  },
  responses: {
    what: 'contract: every response was seen by a test',
    command: tool('responses'),
    needsBuild: true,
  },
  tables: {
    what: 'tables of settings, errors, metrics and commands up to date',
    command: [process.execPath, 'dist/src/cli/write-docs.js', '--check'],
    needsBuild: true,
  },
  lint: { what: 'lint', command: [packaged('oxlint'), '--format', 'stylish'] },
};

const usage = `Usage: npm run check [-- <check> ...]

Without a name it makes all of them:
${Object.entries(checks)
  .map(([name, { what }]) => `  ${name.padEnd(13)}${what}`)
  .join('\n')}`;

const given = readCommandLine(usage, { allowPositionals: true });
const unknown = given?.positionals.find((name) => !Object.hasOwn(checks, name));
if (unknown !== undefined) reportMisuse(`There is no check '${unknown}'.`, usage);
else if (given) await checkAll(given.positionals);

async function checkAll(names: readonly string[]): Promise<void> {
  const chosen = Object.entries(checks).filter(([name]) => names.length === 0 || names.includes(name));
  const typed = new TypedChecks([
    ...(chosen.some(([, { needsBuild }]) => needsBuild) ? ['build'] : []),
    ...chosen.filter(([, { command }]) => !command).map(([name]) => name),
  ]);
  // One more than cores: what needs the build, which is the longest chain, then starts as soon as there is one.
  const limit = pLimit(availableParallelism() + 1);
  if (typed.names.length > 0) void limit(() => typed.run());
  const outcomes = await Promise.all(
    chosen.map(async ([name, { what, command, needsBuild = false }]): Promise<Outcome> => {
      if (needsBuild && (await typed.find('build')) !== undefined) return 'not checked';
      return report(what, command ? await limit(() => run(command)) : await typed.find(name));
    }),
  );
  // Where nobody asked for the build itself.
  const needed = typed.names.includes('generated') ? undefined : await typed.find('build');
  if (needed !== undefined) outcomes.push(report('build', needed));
  const count = (outcome: Outcome): number => outcomes.filter((each) => each === outcome).length;
  const unchecked = count('not checked');
  console.log(
    `${count('passed')} passed, ${count('failed')} failed${unchecked > 0 ? `, ${unchecked} not checked` : ''}`,
  );
  process.exitCode = count('failed') > 0 ? 1 : 0;
}

function report(what: string, found: string | undefined): Outcome {
  console.log(found === undefined ? `ok      ${what}` : `FAILED  ${what}\n${found.trimEnd()}`);
  return found === undefined ? 'passed' : 'failed';
}
