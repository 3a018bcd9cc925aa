import { readFileSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { completeContract } from './complete-contract.js';
import type { Document } from './openapi.js';
import { contractFiles } from './read-contract.js';
import { describeTags, addLocations, type Sources } from './sources.js';
import { toOpenApi31 } from './to-openapi-31.js';

/** The last step of the build: completes tsoa's document and writes it in all forms that are served. */
const [, , tsoaDocument = '', sourcesFile = ''] = process.argv;
const sources = JSON.parse(readFileSync(sourcesFile, 'utf8')) as Sources;
try {
  const written = JSON.parse(readFileSync(tsoaDocument, 'utf8')) as Document;
  describeTags(written, sources);
  const document = completeContract(written, {
    ...sources,
    onWarning(line) {
      console.error(addLocations(line, sources, 'warning: '));
    },
  });
  writeFileSync(contractFiles.json, asJson(document));
  writeFileSync(contractFiles.json31, asJson(toOpenApi31({ ...document })));
  writeFileSync(contractFiles.yaml, stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 }));
} catch (error) {
  console.error(`The contract cannot be built.\n${addLocations((error as Error).message, sources)}`);
  process.exitCode = 1;
}

function asJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
