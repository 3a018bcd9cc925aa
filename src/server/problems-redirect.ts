import type { Router } from 'express';

/**
 * Redirects `/problems/`, the start of the problems' `type` URIs, to the list, whose path in the contract has no trailing
 * slash. Relative, so that it works behind a proxy's prefix.
 * @returns the path.
 */
export function mountProblemsRedirect(router: Router): string {
  const path = '/problems/';
  router.get(path, (_request, response) => {
    response.redirect(308, '../problems');
  });
  return path;
}
