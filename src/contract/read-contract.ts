import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RequestedOperation } from '../http/requested-operation.js';
import type { OpenApiDocument } from './contract.models.js';

export interface ContractFiles {
  /** Committed. */
  readonly json: string;
  readonly json31: string;
  readonly yaml: string;
}

/** The files that the build of a project writes. @param root the project's folder */
export function locateContractFiles(root: URL): ContractFiles {
  const file = (path: string): string => fileURLToPath(new URL(path, root));
  return {
    json: file('generated/openapi.json'),
    json31: file('dist/contract/openapi-3.1.json'),
    yaml: file('dist/contract/openapi.yaml'),
  };
}

/** The contract of a project, with Latchkey's operations and its own. */
export class Contract {
  readonly #files: ContractFiles;
  /** As it is committed. */
  readonly text: string;
  readonly document: OpenApiDocument;

  constructor(root: URL) {
    this.#files = locateContractFiles(root);
    this.text = readFileSync(this.#files.json, 'utf8');
    this.document = JSON.parse(this.text) as OpenApiDocument;
  }

  /** In OpenAPI 3.1. */
  readText31(): string {
    return readFileSync(this.#files.json31, 'utf8');
  }

  readYaml(): string {
    return readFileSync(this.#files.yaml, 'utf8');
  }
}

interface ContractOperation {
  readonly operationId?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly 'x-required-permissions'?: readonly string[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: { $ref?: string } }>> }>
  >;
}

export function listOperations(document: OpenApiDocument): ContractOperation[] {
  return Object.values(getPaths(document)).flatMap((path) => Object.values(path));
}

/** The part of an operation in the contract that the HTTP layer uses. */
interface OperationInfo extends RequestedOperation {
  /** Under which Swagger UI lists it. */
  readonly tag: string;
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

/**
 * @param operation with its path in Express's form: `/users/:id`.
 * @returns undefined where the contract does not have it.
 */
export function findOperation(
  document: OpenApiDocument,
  { path, method }: { readonly path: string; readonly method: string },
): OperationInfo | undefined {
  const template = path.replaceAll(/:([^/]+)/g, '{$1}');
  const operation = getPaths(document)[template]?.[method];
  if (!operation) return undefined;
  const { security = [] } = operation;
  const otherwise = operation.responses['default']?.content;
  return {
    id: operation.operationId ?? `${method} ${path}`,
    path: template,
    tag: operation.tags?.[0] ?? 'default',
    mediaTypes: Object.keys(operation.requestBody?.content ?? {}),
    jsonExample: operation.requestBody?.content['application/json']?.example,
    acceptsToken: security.some((schemes) => 'bearer' in schemes),
    requiresCredentials: security.length > 0 && security.every((schemes) => Object.keys(schemes).length > 0),
    usesOAuthErrors: otherwise?.['application/json']?.schema?.$ref?.endsWith('/OAuthError') ?? false,
    offersErrorPages: otherwise?.['text/html'] !== undefined,
  };
}

function getPaths(document: OpenApiDocument): Readonly<Record<string, Record<string, ContractOperation>>> {
  return document['paths'] as Record<string, Record<string, ContractOperation>>;
}
