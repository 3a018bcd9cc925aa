// All that can be said of the code without running it, or what is asked for of it by name. Ends with "N passed, N failed",
// and where the build fails with how many were not checked: what is compiled may be missing then, or of earlier sources.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../bin/sources.js';
import { reportMisuse, readCommandLine } from './command-line.ts';
import { build, ensureBuilt } from './compile.ts';

interface Check {
  readonly what: string;
  /** Whether it looks at what is compiled. */
  readonly needsBuild?: boolean;
  /** @returns what is wrong; undefined: nothing. */
  readonly find: () => Promise<string | undefined> | string | undefined;
}

const buildFailed = 'The build failed, as it says above.';

const checks: Readonly<Record<string, Check>> = {
  generated: {
    what: 'types, and generated files up to date',
    find: generatedIsUpToDate,
  },
  contract: {
    what: 'contract: Redocly, Spectral, OWASP, and our own rules',
    needsBuild: true,
    async find() {
      const { checkContractStrictly } = await import('./contract/strict.ts');
      const findings = await checkContractStrictly();
      return findings.length === 0 ? undefined : findings.join('\n');
    },
  },
  responses: {
    what: 'contract: every response was seen by a test',
    needsBuild: true,
    find: everyResponseWasSeen,
  },
  'tool-types': {
    what: 'types of the launcher and the tools',
    find: () => command('tsc', '--project', 'tools'),
  },
  'bench-types': { what: 'types of the benchmarks', find: () => command('tsc', '--project', 'bench') },
  tables: {
    what: 'tables of settings and errors up to date',
    needsBuild: true,
    find: () => run(process.execPath, 'dist/src/cli/write-docs.js', '--check'),
  },
  format: {
    what: 'format',
    find: () => command('prettier', '--check', '--log-level', 'warn', '.'),
  },
  lint: {
    what: 'lint',
    // Folders with a configuration of their own are looked at with this one all the same.
    find: () => command('eslint', '--config', 'eslint.config.js', '--max-warnings', '0', '.'),
  },
  layers: {
    what: 'layers: no import runs upward, no ring',
    find: () => command('depcruise', '--config', '.dependency-cruiser.js', 'src', 'tools', 'bench'),
  },
  unused: { what: 'unused code and dependencies', find: () => command('knip') },
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
  const chosen = Object.entries(checks)
    .filter(([name]) => names.length === 0 || names.includes(name))
    .map(([, check]) => check);
  let failed = 0;
  let passed = 0;
  for (const { what, needsBuild, find } of chosen) {
    const found = needsBuild === true && !(await ensureBuilt(true)) ? buildFailed : await find();
    console.log(`${found === undefined ? 'ok    ' : 'FAILED'}  ${what}`);
    if (found === undefined) passed += 1;
    else {
      failed += 1;
      console.log(found);
    }
    if (found === buildFailed) break;
  }
  const unchecked = chosen.length - passed - failed;
  console.log(`${passed} passed, ${failed} failed${unchecked > 0 ? `, ${unchecked} not checked` : ''}`);
  process.exitCode = failed > 0 ? 1 : 0;
}

/** Of a package. */
function command(name: string, ...parameters: readonly string[]): string | undefined {
  return run(join(root, 'node_modules/.bin', name), ...parameters);
}

function run(program: string, ...parameters: readonly string[]): string | undefined {
  const { status, stdout, stderr } = spawnSync(program, parameters, {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  return status === 0 ? undefined : `${stdout}${stderr}`;
}

async function everyResponseWasSeen(): Promise<string | undefined> {
  const compiled = pathToFileURL(join(root, 'dist/test/support/contract-coverage.js'));
  const { coverageReport } = (await import(compiled.href)) as { coverageReport: () => string };
  const file = join(root, 'docs/contract-coverage.md');
  return existsSync(file) && readFileSync(file, 'utf8') === coverageReport()
    ? undefined
    : 'docs/contract-coverage.md lacks responses of the contract. `npm test` writes it, once a test saw each of them.';
}

/** Builds whether it is stale or not, and compares what that makes with what is committed. */
async function generatedIsUpToDate(): Promise<string | undefined> {
  const before = readGenerated();
  if (!(await build(true))) return buildFailed;
  const after = readGenerated();
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (file) => before.get(file) !== after.get(file),
  );
  return changed.length === 0
    ? undefined
    : `generated/ was not up to date: ${changed.join(', ')}. Commit what the build made.`;
}

function readGenerated(): Map<string, string> {
  const folder = join(root, 'generated');
  return new Map(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
}
