/** What Latchkey's own operations require: a role with one of them is for administrators. */
export const administrativePermissions: ReadonlySet<string> = new Set([
  ...['audit:read', 'metrics:read', 'revocations:read'],
  ...['clients:read', 'clients:write', 'roles:read', 'roles:write'],
  ...['users:read', 'users:write', 'users:import'],
]);
