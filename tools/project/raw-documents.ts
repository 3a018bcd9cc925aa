// What tsoa has made of the controllers, before it is completed.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckOptions } from '../contract/check-controllers.ts';
import type { TsoaDocument } from '../contract/tsoa-document.ts';
import type { Part } from './parts.ts';
import { readTsoaConfig } from './tsoa-config.ts';

/** What the check of the controllers wants to know beside the sources. */
export function readCheckOptions(
  root: string,
  parts: readonly Part[],
): Omit<Required<CheckOptions>, 'isStrict'> {
  const documents = parts.map(({ documentFile }) => readDocument(join(root, documentFile)));
  return {
    document: merge(documents),
    describedTags: parts.flatMap(({ configFile }) => {
      const { tags = [] } = readTsoaConfig(root, configFile).spec;
      return tags.map(({ name }) => name);
    }),
    // The last part is the project's.
    isBuilders: (file) => parts.at(-1)?.has(file) ?? true,
  };
}

/** Undefined: it is not there. */
function readDocument(file: string): TsoaDocument | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as TsoaDocument) : undefined;
}

/** @returns undefined where tsoa has failed */
function merge(documents: readonly (TsoaDocument | undefined)[]): TsoaDocument | undefined {
  const all = documents.filter((document) => document !== undefined);
  if (all.length < documents.length) return undefined;
  return {
    paths: Object.assign({}, ...all.map(({ paths }) => paths)) as TsoaDocument['paths'],
    components: {
      schemas: Object.assign(
        {},
        ...all.map(({ components }) => components.schemas),
      ) as TsoaDocument['components']['schemas'],
    },
  };
}
