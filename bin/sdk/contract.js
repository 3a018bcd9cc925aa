// What an SDK has to know of the contract beside what its generator reads.
import { readFileSync } from 'node:fs';

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

/**
 * The operations that take a bearer token, in the contract's order: `{method: 'GET', path: '/users/{id}'}`. To the others
 * none must be sent: `/oauth/token` would take it for the client's authentication.
 *
 * @param {string} document path of the OpenAPI document
 */
export function bearerOperations(document) {
  const { paths, security: root = [] } = JSON.parse(readFileSync(document, 'utf8'));
  return Object.entries(paths).flatMap(([path, operations]) =>
    methods
      .filter((method) => (operations[method]?.security ?? (operations[method] && root))?.some(isBearer))
      .map((method) => ({ method: method.toUpperCase(), path })),
  );
}

const isBearer = (requirement) => 'bearer' in requirement;
