import type { Document, Operation } from './openapi.js';

/**
 * Paths that people use in another order than the alphabetical one. Within a tag, paths that are not listed follow in
 * alphabetical order.
 */
const pathsInOrderOfUse = [
  '/login',
  '/refresh',
  '/logout',
  '/sessions',
  '/sessions/{id}',
  '/login/cookies',
  '/refresh/cookies',
  '/oauth/token',
  '/oauth/introspect',
  '/oauth/revoke',
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
  '/',
  '/health/live',
  '/health/ready',
  '/openapi.json',
  '/openapi-3.1.json',
  '/openapi.yaml',
  '/.well-known/jwks.json',
];

const methodsInOrder = ['get', 'post', 'put', 'patch', 'delete'];

/**
 * Sorts operations in the order in which people use them: by the document's order of tags, then by path; and models by name.
 * tsoa uses the order of the source files.
 */
export function sortContract(document: Document): void {
  const tags = (document.tags ?? []).map(({ name }) => name);
  const ranked = Object.entries(document.paths).map(([path, operations]) => {
    const sorted = Object.entries(operations).sort(
      createComparison(([method]) => [rank(methodsInOrder, method)]),
    );
    return { path, operations: Object.fromEntries(sorted), tag: findTag(sorted) };
  });
  ranked.sort(
    createComparison(({ path, tag }) => [rank(tags, tag), tag, rank(pathsInOrderOfUse, path), path]),
  );
  document.paths = Object.fromEntries(ranked.map(({ path, operations }) => [path, operations]));
  const { components } = document;
  components.schemas = Object.fromEntries(
    Object.entries(components.schemas).sort(createComparison(([name]) => [name])),
  );
}

/** The tag of a path's first operation. */
function findTag([first]: readonly [string, Operation][]): string {
  return first?.[1].tags?.[0] ?? '';
}

/** Names that are not in the list come last. */
function rank(list: readonly string[], name: string): number {
  const index = list.indexOf(name);
  return index < 0 ? list.length : index;
}

/** Compares by the first rank that differs. Text is compared by code units, which does not depend on the locale. */
function createComparison<T>(getRanks: (item: T) => readonly (number | string)[]): (a: T, b: T) => number {
  return (a, b) => {
    const others = getRanks(b);
    for (const [index, own] of getRanks(a).entries()) {
      const other = others[index] ?? own;
      if (own !== other) return own < other ? -1 : 1;
    }
    return 0;
  };
}
