import type { Clock } from '../clock.js';
import type { Queries } from '../database/database.js';
import type { Outbox } from '../email/outbox.js';
import type { UserWithRoles } from './users.store.js';

/**
 * Tells an address, if it was verified, that the account does not have it any more. There is no link to take the
 * account back: it was taken by right.
 * @param user as it was before.
 * @param clientAddress of the client that took it; null: it must not be told.
 */
export async function tellFormerAddress(
  queries: Queries,
  { outbox, clock }: { readonly outbox: Outbox; readonly clock: Clock },
  { id, email, email_verified_at: verifiedAt, language }: FormerUser,
  clientAddress: string | null,
): Promise<void> {
  if (email === null || verifiedAt === null) return;
  await outbox.enqueue(queries, {
    template: 'address_removed',
    to: { address: email, userId: id, language },
    variables: { at: new Date(clock.now()).toISOString(), address: clientAddress ?? '' },
  });
}

type FormerUser = Pick<UserWithRoles, 'id' | 'email' | 'email_verified_at' | 'language'>;
