// The check of the controllers by itself, in the checkout, after tsoa: `run-checks.ts <tsoa's document> <what to write for the contract>`.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { checkControllers, describeSources, readSources } from './check-controllers.ts';
import type { TsoaDocument } from './tsoa-document.ts';

const [, , documentFile = '', sourcesFile = ''] = process.argv;
const sources = readSources('.');
const { spec } = readJson('tsoa.json') as { spec: { tags: { name: string }[] } };
const errors = checkControllers(sources, {
  document: existsSync(documentFile) ? (readJson(documentFile) as TsoaDocument) : undefined,
  describedTags: spec.tags.map(({ name }) => name),
});
writeFileSync(sourcesFile, JSON.stringify(describeSources(sources)));
for (const error of errors) console.error(error);
if (errors.length > 0) process.exitCode = 1;

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
