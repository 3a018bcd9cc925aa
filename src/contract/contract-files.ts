import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { stringify } from 'yaml';
import type { Document } from './openapi.js';
import { locateContractFiles } from './read-contract.js';
import { toOpenApi31 } from './to-openapi-31.js';

/** Writes the contract of a project in all forms that are served. @param root the project's folder */
export function writeContractFiles(root: URL, document: Document): void {
  const files = locateContractFiles(root);
  for (const file of [files.json, files.json31]) mkdirSync(dirname(file), { recursive: true });
  writeFileSync(files.json, formatJson(document));
  writeFileSync(files.json31, formatJson(toOpenApi31({ ...document })));
  writeFileSync(files.yaml, stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 }));
}

function formatJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
