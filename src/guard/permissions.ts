/** Scope → its permissions. A cache: most tokens have one of a few scopes, those of the same roles. */
const permissionsByScope = new Map<string, ReadonlySet<string>>();
const remembered = 100;

/** The permissions that a scope lists, frozen because callers share them. */
export function parsePermissions(scope: string): ReadonlySet<string> {
  const known = permissionsByScope.get(scope);
  if (known) return known;
  if (permissionsByScope.size >= remembered) permissionsByScope.clear();
  const permissions = freezeSet(new Set(scope.split(' ').filter((word) => word !== '')));
  permissionsByScope.set(scope, permissions);
  return permissions;
}

function freezeSet<T>(set: Set<T>): ReadonlySet<T> {
  const refuse = (): never => {
    throw new TypeError('The permissions of a caller cannot be changed.');
  };
  return Object.freeze(Object.assign(set, { add: refuse, delete: refuse, clear: refuse }));
}
