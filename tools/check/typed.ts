// The checks that look at types, in a process of their own: run by tools/check.ts, which gives it their names, and is told of
// each as soon as it is over.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../bin/sources.js';
import { buildWith } from '../compile.ts';
import { Builder } from '../project/builder.ts';
import { NativeCompiler } from '../project/native-compiler.ts';

export interface Report {
  readonly name: string;
  /** What is wrong; absent: nothing. */
  readonly found?: string | undefined;
}

const wanted = process.argv.slice(2);
// What a build takes for right is looked at here.
if (wanted.includes('generated')) rmSync(join(root, 'dist/build.tsbuildinfo'), { force: true });
const native = NativeCompiler.find(root);
const builder = new Builder(root, { withTests: true, native });

if (wanted.includes('build') || wanted.includes('generated')) await build();
await checkTypes('tool-types', 'tools/tsconfig.json');
await checkTypes('bench-types', 'bench/tsconfig.json');
if (wanted.includes('instances')) await checkInstances();

function report(name: string, found?: string): void {
  process.send?.({ name, found } satisfies Report);
}

/** Builds whether it is stale or not, and compares what that makes with what is committed. */
async function build(): Promise<void> {
  const before = readGenerated();
  const { errors, warnings } = await buildWith(builder, true);
  for (const warning of warnings) console.error(warning);
  const failure = errors.length > 0 ? errors.join('\n') : undefined;
  report('build', failure);
  if (failure !== undefined) {
    report('generated', failure);
    return;
  }
  if (!wanted.includes('generated')) return;
  // What `npm run dev` compiles with says of some types what the compiler of a build does not.
  const types = native ? builder.getCompiler('tsconfig.build.json').findErrors() : [];
  if (types.length > 0) {
    report('generated', types.join('\n'));
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

async function checkInstances(): Promise<void> {
  const { findFalseInstances } = await import('./instances.ts');
  const compiler = builder.getCompiler('tsconfig.build.json');
  if (!wanted.includes('generated')) compiler.load();
  report('instances', await findFalseInstances(root, compiler));
}

async function checkTypes(name: string, configFile: string): Promise<void> {
  if (!wanted.includes(name)) return;
  const errors = native ? await native.check(configFile) : checkTypesHere(configFile);
  report(name, errors.length > 0 ? errors.join('\n') : undefined);
}

function checkTypesHere(configFile: string): string[] {
  const compiler = builder.getCompiler(configFile);
  compiler.load();
  const errors = compiler.findErrors();
  compiler.emit();
  return errors;
}
