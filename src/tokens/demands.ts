/** What `@Security("bearer", [...])` may demand beside permissions: `fresh`, or `fresh:` and a greatest age in seconds. */
export const freshDemand = /^fresh(?::(\d+))?$/;

/** Whether a demand is a permission, which roles give. */
export function isPermission(demand: string): boolean {
  return !freshDemand.test(demand);
}
