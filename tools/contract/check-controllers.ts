// Finds what tsoa passes over in silence, all of it in one go. The build runs it in the checkout, after tsoa:
// `check-controllers.ts <folder of tsoa's documents>`. It writes there what completing the contract wants to know of the
// sources.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { controllerErrors } from './controller-errors.ts';
import { readSources, type Sources } from './controllers.ts';
import { nameOf } from './finding.ts';
import { isLatchkeys } from './latchkey-rooms.ts';
import type { TsoaDocument } from './tsoa-document.ts';

const [, , folder = ''] = process.argv;
const sources = readSources('.');
const errors = controllerErrors(sources, readDocument(), [
  ...describedIn('tsoa-latchkey.json'),
  ...describedIn('tsoa.json'),
]);
const write = (file: string, isPart: (file: string) => boolean): void => {
  const part = {
    controllers: sources.controllers.filter((each) => isPart(each.file)),
    models: sources.models.filter((each) => isPart(each.file)),
  };
  writeFileSync(join(folder, file), JSON.stringify(forContract(part)));
};
write('sources-latchkey.json', isLatchkeys);
write('sources.json', (file) => !isLatchkeys(file));
for (const error of errors) console.error(error);
if (errors.length > 0) process.exitCode = 1;

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

/**
 * What the next step of the build wants to know of the sources: where each operation is, by its name in the contract
 * (`GET /reports/{id}`), where each model is, and what the controllers' comments say of their tags.
 */
function forContract({ controllers, models }: Sources): object {
  const operations = controllers.flatMap((controller) => controller.operations);
  return {
    places: Object.fromEntries(operations.map((operation) => [nameOf(operation), operation.at])),
    models: Object.fromEntries(models.map(({ name, at }) => [name, at])),
    tags: Object.fromEntries(
      controllers.flatMap(({ tags, comment }) =>
        comment === undefined ? [] : tags.map((tag) => [tag, comment]),
      ),
    ),
  };
}
