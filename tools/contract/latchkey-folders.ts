/** The folders of `src` whose controllers are Latchkey's own. All others are those of the project that is built on it. */
const folders = [
  ...['accounts', 'audit-feed', 'authentication', 'clients', 'contract', 'keys', 'oauth', 'observability'],
  ...['passkeys', 'revocation-stream', 'roles', 'second-factors', 'server', 'sessions', 'users'],
];

/** @param file such as `src/users/users.controller.ts` */
export function isOfLatchkey(file: string): boolean {
  const [, folder = ''] = /^src\/([^/]+)\//.exec(file) ?? [];
  return folders.includes(folder);
}
