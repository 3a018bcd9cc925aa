import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { OpenApiDocument } from './contract.models.js';

/** The files that the build writes, relative to the compiled file in dist/src/contract. */
export const contractFiles = {
  /** Committed. */
  json: fileURLToPath(new URL('../../../generated/openapi.json', import.meta.url)),
  json31: fileURLToPath(new URL('../../contract/openapi-3.1.json', import.meta.url)),
  yaml: fileURLToPath(new URL('../../contract/openapi.yaml', import.meta.url)),
};

interface Contract {
  readonly document: OpenApiDocument;
  readonly text: string;
}

let contract: Contract | undefined;

/** The committed contract, read once. */
export function readContract(): Contract {
  return (contract ??= read(contractFiles.json));
}

export function readContract31(): Contract {
  return read(contractFiles.json31);
}

export function readContractYaml(): string {
  return readFileSync(contractFiles.yaml, 'utf8');
}

function read(file: string): Contract {
  const text = readFileSync(file, 'utf8');
  return { document: JSON.parse(text) as OpenApiDocument, text };
}

interface ContractOperation {
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly 'x-required-permissions'?: readonly string[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: { $ref?: string } }>> }>
  >;
}

export function operationsIn(document: OpenApiDocument): ContractOperation[] {
  return Object.values(pathsOf(document)).flatMap((path) => Object.values(path));
}

/** The part of an operation in the contract that the HTTP layer uses. */
interface OperationInfo {
  /** The media types of its request body. */
  readonly mediaTypes: readonly string[];
  /** An example of its request body as JSON. */
  readonly jsonExample: unknown;
  /** Whether the request may have an access token. */
  readonly acceptsToken: boolean;
  /** Whether a request without credentials is refused. */
  readonly requiresCredentials: boolean;
  /** Whether its errors have OAuth's form (RFC 6749 §5.2). */
  readonly usesOAuthErrors: boolean;
  /** Whether clients that prefer HTML get errors as pages. */
  readonly offersErrorPages: boolean;
}

/** @param operation with its path in Express's form: `/users/:id`. */
export function findOperation(
  document: OpenApiDocument,
  { path, method }: { readonly path: string; readonly method: string },
): OperationInfo {
  const operation = pathsOf(document)[path.replaceAll(/:([^/]+)/g, '{$1}')]?.[method];
  const { security = [] } = operation ?? {};
  const otherwise = operation?.responses['default']?.content;
  return {
    mediaTypes: Object.keys(operation?.requestBody?.content ?? {}),
    jsonExample: operation?.requestBody?.content['application/json']?.example,
    acceptsToken: security.some((schemes) => 'bearer' in schemes),
    requiresCredentials: security.length > 0 && security.every((schemes) => Object.keys(schemes).length > 0),
    usesOAuthErrors: otherwise?.['application/json']?.schema?.$ref?.endsWith('/OAuthError') ?? false,
    offersErrorPages: otherwise?.['text/html'] !== undefined,
  };
}

function pathsOf(document: OpenApiDocument): Readonly<Record<string, Record<string, ContractOperation>>> {
  return document['paths'] as Record<string, Record<string, ContractOperation>>;
}
