import type { Schema } from './schema.js';

/** In an order in which foreign keys refer to earlier tables only. */
const order: Readonly<Record<keyof Schema, true>> = {
  users: true,
  roles: true,
  user_roles: true,
  sessions: true,
  revocations: true,
  keys: true,
  clients: true,
  login_attempts: true,
  used_assertions: true,
  counters: true,
  latchkey_foreign_ids: true,
  latchkey_deleted_foreign_ids: true,
  latchkey_exchanged_tokens: true,
  latchkey_login_challenges: true,
  latchkey_totp: true,
  latchkey_recovery_codes: true,
  latchkey_devices: true,
  latchkey_safety_links: true,
  latchkey_login_places: true,
  latchkey_invitations: true,
  latchkey_registrations: true,
  latchkey_passkeys: true,
  latchkey_passkey_challenges: true,
  latchkey_audit_seals: true,
  latchkey_audit_head: true,
  latchkey_audit_outputs: true,
  latchkey_data_keys: true,
  latchkey_outbox: true,
  latchkey_account_tokens: true,
  latchkey_leases: true,
  audit: true,
};

/** Latchkey's tables, except those about migrations: foreign keys refer to earlier ones only. */
export const coreTables = Object.keys(order) as readonly (keyof Schema)[];

/** Whether a name may be that of a table of a later version, or of the notes of migrations. */
export function isReservedName(name: string): boolean {
  return /^(latchkey_|kysely_|project_migration)/.test(name);
}
