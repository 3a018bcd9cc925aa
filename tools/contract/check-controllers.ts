// Finds what tsoa passes over in silence, all of it in one go. The build runs it in the checkout, after tsoa:
// `check-controllers.ts <tsoa's document> <what to write for the contract>`.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { controllerErrors } from './controller-errors.ts';
import { readSources, type Sources } from './controllers.ts';
import { nameOf } from './finding.ts';
import type { TsoaDocument } from './tsoa-document.ts';

const [, , documentFile = '', sourcesFile = ''] = process.argv;
const sources = readSources('.');
const document = existsSync(documentFile) ? (readJson(documentFile) as TsoaDocument) : undefined;
const { spec } = readJson('tsoa.json') as { spec: { tags: { name: string }[] } };
const errors = controllerErrors(
  sources,
  document,
  spec.tags.map(({ name }) => name),
);
writeFileSync(sourcesFile, JSON.stringify(forContract(sources)));
for (const error of errors) console.error(error);
if (errors.length > 0) process.exitCode = 1;

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/**
 * What the next step of the build wants to know of the sources: where each operation is, by its name in the contract
 * (`GET /reports/{id}`), and what the controllers' comments say of their tags.
 */
function forContract({ controllers }: Sources): object {
  const operations = controllers.flatMap((controller) => controller.operations);
  return {
    places: Object.fromEntries(operations.map((operation) => [nameOf(operation), operation.at])),
    tags: Object.fromEntries(
      controllers.flatMap(({ tags, comment }) =>
        comment === undefined ? [] : tags.map((tag) => [tag, comment]),
      ),
    ),
  };
}
