// Run by the build in the checkout, after tsoa: `run-checks.ts <tsoa's document> <what to write for the contract>`.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { checkControllers, describeSources, formatFinding, readSources } from './check-controllers.ts';
import type { TsoaDocument } from './tsoa-document.ts';

const [, , documentFile = '', sourcesFile = '', option] = process.argv;
const sources = readSources('.');
const { spec } = readJson('tsoa.json') as { spec: { tags?: { name: string }[] } };
const findings = checkControllers(sources, {
  document: existsSync(documentFile) ? (readJson(documentFile) as TsoaDocument) : undefined,
  describedTags: (spec.tags ?? []).map(({ name }) => name),
  isStrict: option === '--strict',
});
writeFileSync(sourcesFile, JSON.stringify(describeSources(sources)));
for (const finding of findings) console.error(formatFinding(finding));
if (findings.some(({ severity }) => severity === 'error')) process.exitCode = 1;

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
