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

/** The media types of an operation's request body. @param operation its path in Express's form: `/users/:id`. */
export function requestMediaTypes(
  document: OpenApiDocument,
  { path, method }: { readonly path: string; readonly method: string },
): string[] {
  const paths = document['paths'] as Record<string, Record<string, { requestBody?: { content: object } }>>;
  const operation = paths[path.replaceAll(/:([^/]+)/g, '{$1}')]?.[method];
  return Object.keys(operation?.requestBody?.content ?? {});
}
