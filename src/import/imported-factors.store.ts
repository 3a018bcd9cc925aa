import type { Queries } from '../database/database.js';
import type { Schema, TotpRow } from '../database/schema.js';

export type PasskeyRow = Schema['latchkey_passkeys'];

/** What is stored of a user's second factors, beside the bits in `users`. */
export interface FactorRows {
  readonly totp: TotpRow | undefined;
  readonly recoveryCodeHashes: readonly string[];
  readonly passkeys: readonly PasskeyRow[];
}

/** The second factors of many users at once. */
export const importedFactorsStore = {
  /** Which of these credentials some account has. */
  async findTakenCredentials(queries: Queries, ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows = await queries
      .selectFrom('latchkey_passkeys')
      .select('credential_id')
      .where('credential_id', 'in', ids)
      .execute();
    return new Set(rows.map((row) => row.credential_id));
  },

  /** @param now when recovery codes count as made, in milliseconds since the Unix epoch. */
  async insert(queries: Queries, all: ReadonlyMap<string, FactorRows>, now: number): Promise<void> {
    const rows = [...all];
    const totp = rows.flatMap(([, factors]) => factors.totp ?? []);
    if (totp.length > 0) await queries.insertInto('latchkey_totp').values(totp).execute();
    const codes = rows.flatMap(([id, { recoveryCodeHashes: hashes }]) =>
      hashes.map((hash) => ({ user_id: id, code_hash: hash, created_at: now })),
    );
    if (codes.length > 0) await queries.insertInto('latchkey_recovery_codes').values(codes).execute();
    const passkeys = rows.flatMap(([, factors]) => factors.passkeys);
    if (passkeys.length > 0) await queries.insertInto('latchkey_passkeys').values(passkeys).execute();
  },

  /** User's id → what the user has. */
  async listForExport(queries: Queries, ids: readonly string[]): Promise<Map<string, FactorRows>> {
    if (ids.length === 0) return new Map();
    const apps = await queries
      .selectFrom('latchkey_totp')
      .selectAll()
      .where('user_id', 'in', ids)
      .where('confirmed_at', 'is not', null)
      .execute();
    const codes = await queries
      .selectFrom('latchkey_recovery_codes')
      .select(['user_id', 'code_hash'])
      .where('user_id', 'in', ids)
      .orderBy('code_hash')
      .execute();
    const passkeys = await queries
      .selectFrom('latchkey_passkeys')
      .selectAll()
      .where('user_id', 'in', ids)
      .orderBy('id')
      .execute();
    const isOf =
      (id: string) =>
      (row: { readonly user_id: string }): boolean =>
        row.user_id === id;
    return new Map(
      ids.map((id): [string, FactorRows] => [
        id,
        {
          totp: apps.find(isOf(id)),
          recoveryCodeHashes: codes.filter(isOf(id)).map((row) => row.code_hash),
          passkeys: passkeys.filter(isOf(id)),
        },
      ]),
    );
  },
};
