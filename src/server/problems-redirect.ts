import type { Router } from 'express';

/**
 * Leads from `/problems/`, where the URIs of the problems' types are, to the list of them, whose path in the contract has
 * no slash at its end. Relative, the redirect works behind a proxy's prefix, too.
 * @returns the path.
 */
export function mountProblemsRedirect(router: Router): string {
  const path = '/problems/';
  router.get(path, (_request, response) => {
    response.redirect(308, '../problems');
  });
  return path;
}
