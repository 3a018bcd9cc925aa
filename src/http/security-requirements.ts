/** A requirement in `@Security("bearer", [...])` other than a permission: `fresh`, or `fresh:` and a maximum age in seconds. */
export const freshnessPattern = /^fresh(?::(\d+))?$/;
const looksLikeFreshness = /^fresh(:|$)/;

/** Whether a text is a permission or freshness, rather than a malformed freshness requirement. */
export function isRequirement(text: string): boolean {
  return freshnessPattern.test(text) || !looksLikeFreshness.test(text);
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
 * @throws for a malformed freshness requirement: as a permission, every administrator would have it.
 */
export function isPermission(demand: string): boolean {
  if (freshnessPattern.test(demand)) return false;
  if (looksLikeFreshness.test(demand)) {
    throw new Error(`"${demand}" in a @Security is not valid: write "fresh", or "fresh:" and seconds.`);
  }
  return true;
}
