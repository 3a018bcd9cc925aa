import type { Kysely } from 'kysely';
import type { Migration, MigrationProvider } from 'kysely/migration';
import type { MigrationContext } from './context.js';
import * as core from './0001-core.js';
import * as clients from './0002-clients.js';
import * as changeFeed from './0003-change-feed.js';
import * as revocationsInOrder from './0004-revocations-in-order.js';
import * as longWork from './0005-long-work.js';
import * as pendingAttempts from './0007-pending-attempts.js';
import * as oneTimePasswords from './0008-one-time-passwords.js';
import * as introspectionAudiences from './0009-introspection-audiences.js';
import * as usernameSkeletons from './0010-username-skeletons.js';
import * as provedGeneration from './0012-proved-generation.js';
import * as audit from './0013-audit.js';
import * as userLists from './0014-user-lists.js';
import * as importedUsers from './0015-imported-users.js';
import * as migrationVersions from './0016-migration-versions.js';
import * as auditOutputs from './0017-audit-outputs.js';
import * as projectMigrations from './0018-project-migrations.js';
import * as deletedForeignIds from './0019-deleted-foreign-ids.js';
import * as email from './0021-email.js';
import * as accountTokens from './0022-account-tokens.js';
import * as secondFactors from './0023-second-factors.js';
import * as passkeys from './0024-passkeys.js';
import * as invitations from './0025-invitations.js';
import * as registrations from './0026-registrations.js';
import * as safetyLinks from './0027-safety-links.js';
import * as loginPlaces from './0029-login-places.js';
import * as passkeyHandles from './0030-passkey-handles.js';
import * as addedFactors from './0031-added-factors.js';

interface DialectMigration {
  up(db: Kysely<unknown>, context: MigrationContext): Promise<void>;
}

/**
 * In order, and forward only: a released migration is never edited; a change is a new migration. There never was a 0006 or
 * a 0011.
 */
const migrations: Readonly<Record<string, DialectMigration>> = {
  '0001-core': core,
  '0002-clients': clients,
  '0003-change-feed': changeFeed,
  '0004-revocations-in-order': revocationsInOrder,
  '0005-long-work': longWork,
  '0007-pending-attempts': pendingAttempts,
  '0008-one-time-passwords': oneTimePasswords,
  '0009-introspection-audiences': introspectionAudiences,
  '0010-username-skeletons': usernameSkeletons,
  '0012-proved-generation': provedGeneration,
  '0013-audit': audit,
  '0014-user-lists': userLists,
  '0015-imported-users': importedUsers,
  '0016-migration-versions': migrationVersions,
  '0017-audit-outputs': auditOutputs,
  '0018-project-migrations': projectMigrations,
  '0019-deleted-foreign-ids': deletedForeignIds,
  '0021-email': email,
  '0022-account-tokens': accountTokens,
  '0023-second-factors': secondFactors,
  '0024-passkeys': passkeys,
  '0025-invitations': invitations,
  '0026-registrations': registrations,
  '0027-safety-links': safetyLinks,
  '0029-login-places': loginPlaces,
  '0030-passkey-handles': passkeyHandles,
  '0031-added-factors': addedFactors,
};

export function createMigrationProvider(context: MigrationContext): MigrationProvider {
  const bound = Object.entries(migrations).map(([name, migration]): [string, Migration] => [
    name,
    { up: (db) => migration.up(db as Kysely<unknown>, context) },
  ]);
  return { getMigrations: () => Promise.resolve(Object.fromEntries(bound)) };
}

/** In order. */
export function listMigrationNames(): readonly string[] {
  return Object.keys(migrations);
}
