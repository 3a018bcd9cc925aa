/** A login that is recent enough, or a second factor in it; `maxAge` in seconds. */
export interface LoginRequirement {
  readonly kind: 'fresh' | 'mfa';
  readonly maxAge: number | undefined;
}

const loginPattern = /^(fresh|mfa)(?::(\d+))?$/;
const looksLikeLogin = /^(fresh|mfa)(:|$)/;

/**
 * Reads a requirement in `@Security("bearer", [...])` other than a permission: `fresh` or `mfa`, each also with a colon and a
 * maximum age in seconds.
 */
export function parseLoginRequirement(text: string): LoginRequirement | undefined {
  const [, kind, age] = loginPattern.exec(text) ?? [];
  if (kind !== 'fresh' && kind !== 'mfa') return undefined;
  return { kind, maxAge: age === undefined ? undefined : Number(age) };
}

/** Whether a text is a requirement, rather than a malformed one of the login. */
export function isRequirement(text: string): boolean {
  return loginPattern.test(text) || !looksLikeLogin.test(text);
}

/** What `POST /users` requires for a password hash, in addition to its own permission. */
export const importPermission = 'users:import';

/** All permissions that the operations require, also where only some requests need them. */
export function collectPermissions(
  operations: readonly { readonly security?: readonly Readonly<Record<string, readonly string[]>>[] }[],
): string[] {
  const demands = operations.flatMap(({ security = [] }) =>
    security.flatMap((schemes) => Object.values(schemes).flat()),
  );
  return [...new Set([...demands, importPermission])].filter(isPermission);
}

/**
 * Whether a requirement is a permission.
 * @throws for a malformed requirement of the login: as a permission, every administrator would have it.
 */
export function isPermission(demand: string): boolean {
  if (loginPattern.test(demand)) return false;
  if (looksLikeLogin.test(demand)) {
    throw new Error(
      `"${demand}" in a @Security is not valid: write "fresh" or "mfa", or one of them with ":" and seconds.`,
    );
  }
  return true;
}

/** What a session can do whose user must set up a second factor first. `/health/ready` tells it no more than anyone. */
const enrollment =
  /^POST \/logout$|^(GET|HEAD) \/(me|health\/ready)$|^PUT \/me\/password(\/cookies)?$|^[A-Z]+ \/me\/(second-factors|passkeys)(\/[^/]+)*$/;

/** @param operation such as `GET /me`. */
export function isPartOfEnrollment(operation: string): boolean {
  return enrollment.test(operation);
}
