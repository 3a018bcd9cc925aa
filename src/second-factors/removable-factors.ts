import type { Queries } from '../database/database.js';
import { safetyLinksStore } from '../email/safety-links.store.js';

/**
 * Whether the link of the message about a factor that was just added may remove it. It may where nobody had proved another
 * factor: then it can be a thief's. Where somebody had, such as the owner who has a new phone, the link would give somebody who
 * reads the owner's mail a way around the factor. A factor whose own link may still remove it proves nothing.
 * @param hadProved whether the session had proved a second factor before.
 */
export async function isRemovableByLink(
  queries: Queries,
  userId: string,
  hadProved: boolean,
  now: number,
): Promise<boolean> {
  if (!hadProved) return true;
  const others = await safetyLinksStore.findAdded(queries, userId, now);
  return others.some(({ totp, passkey }) => totp !== undefined || passkey !== undefined);
}
