import { readFileSync, writeFileSync } from 'node:fs';
import { completeContract, type Document } from './complete-contract.js';
import { contractFile } from './read-contract.js';

/** The build's last step: tsoa's document, completed, becomes the contract. */
const [, , tsoaDocument = ''] = process.argv;
try {
  const document = completeContract(JSON.parse(readFileSync(tsoaDocument, 'utf8')) as Document);
  const text = `${JSON.stringify(document, null, 2)}\n`;
  writeFileSync(contractFile, text);
} catch (error) {
  console.error(`The contract cannot be built. ${(error as Error).message}`);
  process.exitCode = 1;
}
