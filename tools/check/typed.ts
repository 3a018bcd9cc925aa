// The checks that look at types, in a process of their own, with the programs of one build: run by tools/check.ts, which
// gives it their names, and is told of each as soon as it is over.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../bin/sources.js';
import { buildWith } from '../compile.ts';
import { Builder } from '../project/builder.ts';

export interface Report {
  readonly name: string;
  /** What is wrong; absent: nothing. */
  readonly found?: string | undefined;
}

const wanted = process.argv.slice(2);
const builder = new Builder(root, { withTests: true });

if (wanted.includes('build') || wanted.includes('generated')) build();
checkTypes('tool-types', 'tools/tsconfig.json');
checkTypes('bench-types', 'bench/tsconfig.json');
if (wanted.includes('lint')) await lintAll();

function report(name: string, found?: string): void {
  process.send?.({ name, found } satisfies Report);
}

/** Builds whether it is stale or not, and compares what that makes with what is committed. */
function build(): void {
  const before = readGenerated();
  const { errors, warnings } = buildWith(builder, true);
  for (const warning of warnings) console.error(warning);
  const failure = errors.length > 0 ? errors.join('\n') : undefined;
  report('build', failure);
  if (failure !== undefined) {
    report('generated', failure);
    return;
  }
  const after = readGenerated();
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (file) => before.get(file) !== after.get(file),
  );
  report(
    'generated',
    changed.length === 0
      ? undefined
      : `generated/ was not up to date: ${changed.join(', ')}. Commit what the build made.`,
  );
}

function readGenerated(): Map<string, string> {
  const folder = join(root, 'generated');
  if (!existsSync(folder)) return new Map();
  return new Map(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
}

function checkTypes(name: string, configFile: string): void {
  if (!wanted.includes(name)) return;
  const compiler = builder.getCompiler(configFile);
  compiler.load();
  const errors = compiler.findErrors();
  compiler.emit();
  report(name, errors.length > 0 ? errors.join('\n') : undefined);
}

async function lintAll(): Promise<void> {
  const { lint } = await import('./lint.ts');
  // Where a file is in two, the first has its types right: what runs in browsers is also in the tests' program.
  const configFiles = ['src/swagger-ui', '.', 'tools', 'bench'].map((folder) =>
    join(folder, 'tsconfig.json'),
  );
  const compilers = configFiles.map((file) => builder.getCompiler(file));
  for (const compiler of compilers) {
    compiler.load();
    compiler.findErrors();
  }
  report('lint', await lint(root, compilers));
}
