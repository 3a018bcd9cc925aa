/** What `@Security("bearer", [...])` may demand beside permissions: `fresh`, or `fresh:` and a greatest age in seconds. */
export const freshnessPattern = /^fresh(?::(\d+))?$/;

/** Every permission that one of the operations demands. */
export function collectPermissions(
  operations: readonly { readonly security?: readonly Readonly<Record<string, readonly string[]>>[] }[],
): string[] {
  const demands = operations.flatMap(({ security = [] }) =>
    security.flatMap((schemes) => Object.values(schemes).flat()),
  );
  return [...new Set(demands)].filter(isPermission);
}

/**
 * Whether a demand is a permission, which roles give.
 * @throws where it looks like freshness and is none: as a permission it would be one that an administrator has.
 */
export function isPermission(demand: string): boolean {
  if (freshnessPattern.test(demand)) return false;
  if (/^fresh(:|$)/.test(demand)) {
    throw new Error(`"${demand}" in a @Security is no demand: write "fresh", or "fresh:" and seconds.`);
  }
  return true;
}
