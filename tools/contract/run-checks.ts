// Run by the build in the checkout, after tsoa: `run-checks.ts <folder of tsoa's documents>`. It writes there what completing
// the contract wants to know of the sources.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkControllers, describeSources, formatFinding, readSources } from './check-controllers.ts';
import { isLatchkeys } from './latchkey-rooms.ts';
import type { TsoaDocument } from './tsoa-document.ts';

const [, , folder = '', option] = process.argv;
const sources = readSources('.');
const findings = checkControllers(sources, {
  document: readDocument(),
  describedTags: [...describedIn('tsoa-latchkey.json'), ...describedIn('tsoa.json')],
  isStrict: option === '--strict',
});
write('sources-latchkey.json', isLatchkeys);
write('sources.json', (file) => !isLatchkeys(file));
for (const finding of findings) console.error(formatFinding(finding));
if (findings.some(({ severity }) => severity === 'error')) process.exitCode = 1;

function write(file: string, isPart: (file: string) => boolean): void {
  const part = {
    controllers: sources.controllers.filter((each) => isPart(each.file)),
    models: sources.models.filter((each) => isPart(each.file)),
  };
  writeFileSync(join(folder, file), JSON.stringify(describeSources(part)));
}

/** Latchkey's operations and the project's; undefined where tsoa failed. */
function readDocument(): TsoaDocument | undefined {
  const files = ['tsoa-latchkey.json', 'tsoa.json'].map((file) => join(folder, file));
  const [ours, own] = files.map((file) => (existsSync(file) ? (readJson(file) as TsoaDocument) : undefined));
  return (
    own && {
      paths: { ...ours?.paths, ...own.paths },
      components: { schemas: { ...ours?.components.schemas, ...own.components.schemas } },
    }
  );
}

function describedIn(file: string): string[] {
  if (!existsSync(file)) return [];
  const { spec } = readJson(file) as { spec: { tags?: { name: string }[] } };
  return (spec.tags ?? []).map(({ name }) => name);
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
