import type { RequestHandler } from 'express';
import { Problem } from '../problems/problem.js';
import type { Operation } from './operations.js';
import { toPathPattern } from './path-pattern.js';

interface KnownPath {
  readonly pattern: RegExp;
  readonly allow: string;
}

/**
 * Handles requests without a route: OPTIONS gets 204, a wrong method 405 with `Allow` (RFC 9110 §15.5.6), an unknown path 404.
 * @param others paths outside of the contract that support GET.
 */
export function createNotFoundHandler(
  operations: readonly Operation[],
  others: readonly string[],
): RequestHandler {
  const methods = new Map<string, Set<string>>(others.map((path) => [path, new Set(['GET', 'HEAD'])]));
  for (const { path, method } of operations) {
    const known = methods.get(path) ?? new Set();
    known.add(method.toUpperCase());
    if (method === 'get') known.add('HEAD');
    methods.set(path, known);
  }
  const paths: KnownPath[] = [...methods].map(([path, names]) => ({
    pattern: toPathPattern(path),
    allow: [...names, 'OPTIONS'].sort().join(', '),
  }));
  return (request, response) => {
    request.offersErrorPages = true;
    const known = paths.find(({ pattern }) => pattern.test(request.path));
    if (!known) throw new Problem('not_found');
    if (request.method === 'OPTIONS') {
      response.status(204).setHeader('Allow', known.allow).end();
      return;
    }
    throw new Problem('method_not_allowed', {
      detail: `This path does not support ${request.method}. It supports ${known.allow}.`,
      headers: { Allow: known.allow },
    });
  };
}
