import { formatTime } from '../clock.js';
import type { Database } from '../database/database.js';
import { toExportedHash } from '../passwords/stored-hash.js';
import type { TotpSecrets } from '../second-factors/totp-secrets.js';
import { listSecondFactors } from '../users/second-factor-bits.js';
import { importedUsersStore, type ExportedRow } from './imported-users.store.js';
import { importedFactorsStore, type FactorRows } from './imported-factors.store.js';
import type { ExportedPasskey, ExportedUser } from './own-format.js';

const usersPerPage = 500;

interface ExportOptions {
  /** Whether password hashes are among it. */
  readonly withHashes: boolean;
  /** Opens the secrets of authenticator apps; undefined: no second factor is among it. */
  readonly totpSecrets?: TotpSecrets | undefined;
}

/** All users, oldest first, as `import users` reads them. */
export async function* exportUsers(
  { longRunning: { queries } }: Pick<Database, 'longRunning'>,
  { withHashes, totpSecrets }: ExportOptions,
): AsyncGenerator<ExportedUser> {
  for (let after = ''; ;) {
    const rows = await importedUsersStore.listForExport(queries, after, usersPerPage);
    const last = rows.at(-1);
    if (!last) return;
    after = last.id;
    const roles = await importedUsersStore.listRoles(
      queries,
      rows.map(({ id }) => id),
    );
    const factors = totpSecrets
      ? await importedFactorsStore.listForExport(
          queries,
          rows.filter((row) => row.second_factors !== 0).map(({ id }) => id),
        )
      : new Map<string, FactorRows>();
    for (const row of rows) {
      const { totp, ...others } = factors.get(row.id) ?? {};
      yield {
        ...toExported(row, roles.get(row.id) ?? [], withHashes),
        ...(totp && totpSecrets && { totp_secret: await totpSecrets.open(queries, totp) }),
        ...toExportedFactors(others),
      };
    }
  }
}

function toExported(row: ExportedRow, roles: readonly string[], withHashes: boolean): ExportedUser {
  return {
    id: row.id,
    username: row.username,
    ...toAddress(row),
    ...(row.display_name !== null && { display_name: row.display_name }),
    ...(row.language !== null && { language: row.language }),
    ...(row.second_factors !== 0 && { second_factors: listSecondFactors(row.second_factors) }),
    roles,
    disabled: row.disabled_at !== null,
    created_at: formatTime(row.created_at),
    ...(row.last_login_at !== null && { last_login_at: formatTime(row.last_login_at) }),
    ...(withHashes && row.password_hash !== '' && { password_hash: toExportedHash(row.password_hash) }),
    // 0: it was used, and works no more.
    ...(withHashes &&
      row.password_one_time === 1 && { one_time_expires_at: formatTime(row.one_time_expires_at ?? 0) }),
  };
}

function toExportedFactors({
  recoveryCodeHashes: hashes = [],
  passkeys = [],
}: Partial<FactorRows>): Pick<ExportedUser, 'recovery_code_hashes' | 'passkeys'> {
  return {
    ...(hashes.length > 0 && { recovery_code_hashes: hashes }),
    ...(passkeys.length > 0 && { passkeys: passkeys.map(toExportedPasskey) }),
  };
}

function toExportedPasskey(row: FactorRows['passkeys'][number]): ExportedPasskey {
  return {
    credential_id: row.credential_id,
    public_key: row.public_key,
    name: row.name,
    transports: row.transports === '' ? [] : row.transports.split(' '),
    aaguid: row.aaguid,
    sign_count: row.sign_count,
    passwordless: row.passwordless === 1,
    ...(row.backup_eligible >= 0 && { backup_eligible: row.backup_eligible === 1 }),
    backed_up: row.backed_up === 1,
    created_at: formatTime(row.created_at),
    ...(row.last_used_at !== null && { last_used_at: formatTime(row.last_used_at) }),
    ...(row.user_handle !== null && { user_handle: row.user_handle }),
  };
}

function toAddress(row: ExportedRow): Pick<ExportedUser, 'email' | 'email_verified'> {
  if (row.email !== null) return { email: row.email, email_verified: row.email_verified_at !== null };
  const { origin_email: email, origin_email_verified: verified } = row;
  return email === null ? {} : { email, email_verified: verified === 1 };
}
