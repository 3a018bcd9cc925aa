import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { OpenApiDocument } from './contract.models.js';

/** What the build writes, seen from the compiled file: dist/src/contract. */
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

/** The same contract in OpenAPI 3.1. */
export function readContract31(): Contract {
  return read(contractFiles.json31);
}

/** The same contract as YAML. */
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
  readonly requestBody?: { readonly content: object };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: { $ref?: string } }>> }>
  >;
}

/** All operations, whatever their path. */
export function operationsIn(document: OpenApiDocument): ContractOperation[] {
  return Object.values(pathsOf(document)).flatMap((path) => Object.values(path));
}

/** What the contract says of an operation, as far as the HTTP layer acts on it. */
interface OperationInfo {
  /** Of its request body. */
  readonly mediaTypes: readonly string[];
  /** A token may come with the request, if it must not. */
  readonly acceptsToken: boolean;
  /** Without one of the credentials that it names the request is refused. */
  readonly requiresCredentials: boolean;
  /** Its errors have OAuth's form (RFC 6749 §5.2). */
  readonly usesOAuthErrors: boolean;
  /** Its errors are pages for clients that would rather have one. */
  readonly offersErrorPages: boolean;
}

/** @param operation its path in Express's form: `/users/:id`. */
export function findOperation(
  document: OpenApiDocument,
  { path, method }: { readonly path: string; readonly method: string },
): OperationInfo {
  const operation = pathsOf(document)[path.replaceAll(/:([^/]+)/g, '{$1}')]?.[method];
  const { security = [] } = operation ?? {};
  const otherwise = operation?.responses['default']?.content;
  return {
    mediaTypes: Object.keys(operation?.requestBody?.content ?? {}),
    acceptsToken: security.some((schemes) => 'bearer' in schemes),
    requiresCredentials: security.length > 0 && security.every((schemes) => Object.keys(schemes).length > 0),
    usesOAuthErrors: otherwise?.['application/json']?.schema?.$ref?.endsWith('/OAuthError') ?? false,
    offersErrorPages: otherwise?.['text/html'] !== undefined,
  };
}

function pathsOf(document: OpenApiDocument): Readonly<Record<string, Record<string, ContractOperation>>> {
  return document['paths'] as Record<string, Record<string, ContractOperation>>;
}
