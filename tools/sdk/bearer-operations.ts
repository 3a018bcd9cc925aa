// What an SDK has to know of the contract beside what its generator reads.
import { readFileSync } from 'node:fs';

type Requirement = Readonly<Record<string, readonly string[]>>;

interface Document {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly security?: readonly Requirement[] }>>>
  >;
  readonly security?: readonly Requirement[];
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

/**
 * The operations that take a bearer token, in the contract's order: `{method: 'GET', path: '/users/{id}'}`. To the others
 * none must be sent: `/oauth/token` would take it for the client's authentication.
 * @param file path of the OpenAPI document
 */
export function listBearerOperations(file: string): { method: string; path: string }[] {
  const { paths, security: root = [] } = JSON.parse(readFileSync(file, 'utf8')) as Document;
  return Object.entries(paths).flatMap(([path, operations]) =>
    methods
      .filter((method) => {
        const operation = operations[method];
        return operation && (operation.security ?? root).some((requirement) => 'bearer' in requirement);
      })
      .map((method) => ({ method: method.toUpperCase(), path })),
  );
}
