import { auditStore, type AuditEntry } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Queries } from '../database/database.js';
import type { Factor } from '../email/messages/message.js';
import type { AddedFactor } from '../email/safety-links.store.js';
import type { SafetyNotices } from '../email/safety-notices.js';
import type { RequestContext } from '../http/request-context.js';
import { deletePasskey } from '../passkeys/passkeys.service.js';
import { recoveryCodesStore } from '../second-factors/recovery-codes.store.js';
import { deleteTotp, hashSecret } from '../second-factors/second-factors.service.js';
import { totpStore } from '../second-factors/totp.store.js';
import type { StoredUser } from '../users/users.store.js';

interface Foundations {
  readonly clock: Clock;
  readonly notices: SafetyNotices;
}

interface Removed extends Pick<AuditEntry, 'event' | 'details'> {
  readonly factor: Factor;
}

/**
 * Removes what a message said was added, and the recovery codes that were shown with it, as far as the user still has them:
 * no other second factor, and none that took its place. The user must be locked.
 * @returns what was there, and is removed.
 */
export async function removeAddedFactor(
  transaction: Queries,
  { clock, notices }: Foundations,
  { id, username }: Pick<StoredUser, 'id' | 'username'>,
  added: AddedFactor,
  context: RequestContext,
): Promise<readonly Factor[]> {
  const removed: Removed[] = [];
  const codes = await recoveryCodesStore.deleteThese(transaction, id, added.recoveryCodes);
  if (added.totp !== undefined && (await isCurrentTotp(transaction, id, added.totp))) {
    await deleteTotp(transaction, id);
    removed.push({ factor: 'totp', event: 'second_factor_removed', details: { kind: 'totp' } });
  }
  const passkey =
    added.passkey === undefined ? undefined : await deletePasskey(transaction, id, added.passkey);
  if (passkey) {
    const details = { passkey: passkey.id, name: passkey.name };
    removed.push({ factor: 'passkey', event: 'passkey_removed', details });
  }
  if (codes > 0)
    removed.push({ factor: 'recovery_codes', event: 'recovery_codes_removed', details: { codes } });
  for (const { event, details } of removed) {
    const target = { kind: 'user', id, name: username } as const;
    await auditStore.add(transaction, clock, { event, details, context, target });
  }
  const factors = removed.map(({ factor }) => factor);
  // Codes that went with a factor are no message of their own, as where the factor is removed otherwise.
  const [factor] = factors;
  if (factor !== undefined) {
    const notice = { userId: id, clientAddress: context.address, variables: { factor } };
    await notices.send(transaction, { template: 'factor_removed', ...notice });
  }
  return factors;
}

async function isCurrentTotp(transaction: Queries, userId: string, hash: string): Promise<boolean> {
  const totp = await totpStore.find(transaction, userId);
  return totp !== undefined && totp.confirmed_at !== null && hashSecret(totp) === hash;
}
