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

/** An operation by its path in Express's form: `/users/:id`. */
interface OperationKey {
  readonly path: string;
  readonly method: string;
}

interface OperationObject {
  readonly requestBody?: { readonly content: object };
  readonly security?: readonly object[];
}

/** The media types of an operation's request body. */
export function requestMediaTypes(document: OpenApiDocument, key: OperationKey): string[] {
  return Object.keys(find(document, key)?.requestBody?.content ?? {});
}

/** Whether the contract says that a token may come with the request, if not that it must. */
export function acceptsToken(document: OpenApiDocument, key: OperationKey): boolean {
  return (find(document, key)?.security ?? []).length > 0;
}

function find(document: OpenApiDocument, { path, method }: OperationKey): OperationObject | undefined {
  const paths = document['paths'] as Record<string, Record<string, OperationObject>>;
  return paths[path.replaceAll(/:([^/]+)/g, '{$1}')]?.[method];
}
