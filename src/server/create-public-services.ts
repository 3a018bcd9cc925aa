import type { PublicDatabase } from '../database/public-database.js';
import { parseScope } from '../roles/rights.js';
import type { UserSessionsService } from '../sessions/user-sessions.service.js';
import type { UsersService, UserWithRoles } from '../users/users.service.js';
import type { Account, PublicServices } from './public-services.js';

interface Dependencies extends Omit<PublicServices, 'accounts' | 'database'> {
  readonly database: { withTables(): PublicDatabase };
  readonly users: UsersService;
  readonly userSessions: UserSessionsService;
}

export function createPublicServices({
  database,
  clock,
  log,
  issuer,
  users,
  userSessions,
}: Dependencies): PublicServices {
  return {
    accounts: {
      get: async (id) => toAccount(await users.get(id)),
      create: async ({ roles = [], oneTime, ...account }, actor) =>
        toAccount(await users.create({ ...account, roles, oneTime }, actor)),
      update: async (id, change, actor) => toAccount(await users.update(id, change, actor)),
      delete: (id, actor) => users.delete(id, actor),
      endSessions: (id, actor) => userSessions.endAll(id, actor),
    },
    database: database.withTables(),
    clock,
    log,
    issuer,
  };
}

function toAccount({
  id,
  username,
  email,
  email_verified_at: verifiedAt,
  display_name: displayName,
  roles,
  disabled_at: disabledAt,
  created_at: createdAt,
}: UserWithRoles): Account {
  return {
    id,
    username,
    email: email ?? undefined,
    emailVerified: verifiedAt !== null,
    displayName: displayName ?? undefined,
    roles: parseScope(roles),
    disabled: disabledAt !== null,
    createdAt,
  };
}
