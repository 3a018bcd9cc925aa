import type { Database } from '../database/database.js';
import { toExportedHash } from '../passwords/stored-hash.js';
import { importedUsersStore, type ExportedRow } from './imported-users.store.js';
import type { ExportedUser } from './own-format.js';

const usersPerPage = 500;

/** All users, oldest first, as `import users` reads them. @param withHashes whether their password hashes are among it. */
export async function* exportUsers(
  { longRunning: { queries } }: Pick<Database, 'longRunning'>,
  withHashes: boolean,
): AsyncGenerator<ExportedUser> {
  for (let after = ''; ;) {
    const rows = await importedUsersStore.listForExport(queries, after, usersPerPage);
    const last = rows.at(-1);
    if (!last) return;
    after = last.id;
    const roles = await importedUsersStore.rolesOf(
      queries,
      rows.map(({ id }) => id),
    );
    for (const row of rows) yield toExported(row, roles.get(row.id) ?? [], withHashes);
  }
}

function toExported(row: ExportedRow, roles: readonly string[], withHashes: boolean): ExportedUser {
  return {
    id: row.id,
    username: row.username,
    ...toAddress(row),
    ...(row.display_name !== null && { display_name: row.display_name }),
    ...(row.language !== null && { language: row.language }),
    roles,
    disabled: row.disabled_at !== null,
    created_at: toIso(row.created_at),
    ...(row.last_login_at !== null && { last_login_at: toIso(row.last_login_at) }),
    ...(withHashes && row.password_hash !== '' && { password_hash: toExportedHash(row.password_hash) }),
    // 0: it was used, and works no more.
    ...(withHashes &&
      row.password_one_time === 1 && { one_time_expires_at: toIso(row.one_time_expires_at ?? 0) }),
  };
}

function toAddress(row: ExportedRow): Pick<ExportedUser, 'email' | 'email_verified'> {
  if (row.email !== null) return { email: row.email, email_verified: row.email_verified_at !== null };
  const { origin_email: email, origin_email_verified: verified } = row;
  return email === null ? {} : { email, email_verified: verified === 1 };
}

function toIso(time: number): string {
  return new Date(time).toISOString();
}
