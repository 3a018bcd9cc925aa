import { readFileSync, writeFileSync } from 'node:fs';
import type { ProblemKinds } from '../problems/problem-codes.js';
import { completeContract, type CompletionOptions } from './complete-contract.js';
import { findFileLimits, type RoutedOperation } from './find-file-limits.js';
import { writeContractFiles } from './contract-files.js';
import { mergeContracts, type RawContract } from './merge-contracts.js';
import type { Document } from './openapi.js';
import { addLocations, type Sources } from './sources.js';

// The last step of the build: merges the documents of Latchkey's controllers and the project's, completes what comes of
// it, and writes it in all forms that are served. A project that defines no problems and takes no files
// need not be loaded.
const root = new URL('../../../', import.meta.url);
const latchkey = readRaw('tsoa-latchkey.json', 'sources-latchkey.json');
const project = readRaw('tsoa.json', 'sources.json');
try {
  // For projects elsewhere, whose build adds their operations.
  writeFileSync(pathOf('latchkey.json'), JSON.stringify(latchkey));
  const merged = mergeContracts(latchkey, project);
  writeContractFiles(root, await completeWithPlaces(merged));
} catch (error) {
  console.error(`The contract cannot be built.\n${(error as Error).message}`);
  process.exitCode = 1;
}

async function completeWithPlaces({ document, sources }: RawContract): Promise<Document> {
  try {
    return completeContract(document, {
      ...sources,
      ...(process.argv.includes('--without-project') ? {} : await readProject()),
      onWarning(line) {
        console.error(addLocations(line, sources, 'warning: '));
      },
    });
  } catch (cause) {
    throw new Error(addLocations((cause as Error).message, sources), { cause });
  }
}

/** What only the compiled project knows. */
async function readProject(): Promise<Pick<CompletionOptions, 'ownProblems' | 'fileLimits'>> {
  const { default: compiled } = (await import(new URL('dist/src/project.js', root).href)) as {
    default: {
      readonly problems?: { readonly kinds: ProblemKinds };
      readonly routes: { readonly operations: readonly RoutedOperation[] };
    };
  };
  return {
    ownProblems: compiled.problems?.kinds ?? {},
    fileLimits: findFileLimits(compiled.routes.operations),
  };
}

function readRaw(document: string, sources: string): RawContract {
  return {
    document: JSON.parse(readFileSync(pathOf(document), 'utf8')) as Document,
    sources: JSON.parse(readFileSync(pathOf(sources), 'utf8')) as Sources,
  };
}

function pathOf(file: string): URL {
  return new URL(`dist/contract/${file}`, root);
}
