import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ProblemKinds } from '../problems/problem-codes.js';
import { completeContract, type CompletionOptions } from './complete-contract.js';
import { findFileLimits, type RoutedOperation } from './find-file-limits.js';
import { writeContractFiles } from './contract-files.js';
import { mergeContracts, type RawContract } from './merge-contracts.js';
import type { Document } from './openapi.js';
import { addLocations, type Sources } from './sources.js';

// The last step of the build of a project, whose folder is the parameter: merges the documents of Latchkey's controllers and
// the project's, completes what comes of it, and writes it in all forms that are served. A project that defines
// no problems and takes no files need not be loaded.
const packageFolder = new URL('../../../', import.meta.url);
const [, , folder] = process.argv;
const root = folder === undefined ? packageFolder : pathToFileURL(join(folder, sep));
try {
  const merged = mergeContracts(readLatchkey(), readRaw(root, 'tsoa.json', 'sources.json'));
  writeContractFiles(root, await completeWithPlaces(merged));
} catch (error) {
  console.error(`The contract cannot be built.\n${(error as Error).message}`);
  process.exitCode = 1;
}

/** What Latchkey's own controllers make: its package brings it, and its checkout has just made it. */
function readLatchkey(): RawContract {
  const packed = new URL('dist/contract/latchkey.json', packageFolder);
  if (!existsSync(new URL('dist/contract/tsoa-latchkey.json', packageFolder)))
    return JSON.parse(readFileSync(packed, 'utf8')) as RawContract;
  const latchkey = readRaw(packageFolder, 'tsoa-latchkey.json', 'sources-latchkey.json');
  writeFileSync(packed, JSON.stringify(latchkey));
  return latchkey;
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

function readRaw(of: URL, document: string, sources: string): RawContract {
  const read = (file: string): unknown =>
    JSON.parse(readFileSync(new URL(`dist/contract/${file}`, of), 'utf8'));
  return { document: read(document) as Document, sources: read(sources) as Sources };
}
