import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { OpenApiDocument } from './contract.models.js';

/** `generated/openapi.json`, seen from the compiled file: dist/src/contract. */
export const contractFile = fileURLToPath(new URL('../../../generated/openapi.json', import.meta.url));

/** The committed contract. */
export function readContract(): { readonly document: OpenApiDocument; readonly text: string } {
  const text = readFileSync(contractFile, 'utf8');
  return { document: JSON.parse(text) as OpenApiDocument, text };
}
