import { readFileSync, writeFileSync } from 'node:fs';
import { completeContract, type Document } from './complete-contract.js';
import { contractFile } from './read-contract.js';
import { describeTags, located, type Sources } from './sources.js';

/** The build's last step: tsoa's document, completed, becomes the contract. */
const [, , tsoaDocument = '', sourcesFile = ''] = process.argv;
const sources = JSON.parse(readFileSync(sourcesFile, 'utf8')) as Sources;
try {
  const document = completeContract(JSON.parse(readFileSync(tsoaDocument, 'utf8')) as Document);
  describeTags(document, sources);
  const text = `${JSON.stringify(document, null, 2)}\n`;
  writeFileSync(contractFile, text);
} catch (error) {
  console.error(`The contract cannot be built.\n${located((error as Error).message, sources)}`);
  process.exitCode = 1;
}
