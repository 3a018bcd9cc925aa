// Builds what is stale.
import { rmSync, writeFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join, resolve } from 'node:path';
import { generatedFingerprint, isStale, root, sourcesFingerprint, stamp, stampFile } from '../bin/sources.js';
import type { Builder, Outcome } from './project/builder.ts';

interface BuildOptions {
  /** The folder of the project; this package's own by default. */
  readonly project?: string;
}

/** @returns whether there is something to run; where not, what failed is on stderr. */
export async function ensureBuilt(withTests: boolean, options: BuildOptions = {}): Promise<boolean> {
  return !isStale(withTests, options.project) || (await build(withTests, options));
}

/** @returns whether it worked; what did not is on stderr. */
export async function build(withTests: boolean, { project = root }: BuildOptions = {}): Promise<boolean> {
  // TypeScript takes a while to load, and what is not stale needs none.
  enableCompileCache(join(project, 'node_modules/.cache/latchkey/compiled'));
  const { Builder } = await import('./project/builder.ts');
  const { NativeCompiler } = await import('./project/native-compiler.ts');
  // Projects have the one TypeScript that tsoa reads with.
  const native = resolve(project) === resolve(root) ? NativeCompiler.find(root) : undefined;
  const builder = new Builder(project, { withTests, native });
  const { errors, warnings } = await buildWith(builder, withTests, project);
  for (const warning of warnings) console.error(warning);
  if (errors.length > 0) console.error(`${errors.join('\n')}\n\nThe build failed.`);
  return errors.length === 0;
}

export async function buildWith(builder: Builder, withTests: boolean, project = root): Promise<Outcome> {
  const loadBuilt = sourcesFingerprint(withTests, project);
  // A build with the tests and one without write the same files: what is known of the other is true no longer.
  for (const tests of [false, true]) rmSync(stampFile(tests, project), { force: true });
  const outcome = await builder.build();
  if (outcome.errors.length === 0)
    writeFileSync(stampFile(withTests, project), stamp(loadBuilt, generatedFingerprint(project)));
  return outcome;
}
