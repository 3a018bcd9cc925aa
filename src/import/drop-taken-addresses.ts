import type { Queries } from '../database/database.js';
import { importedUsersStore } from './imported-users.store.js';
import type { ImportedUser, Place } from './import-report.js';

interface AddressHolder extends Place {
  /** As it was there. */
  readonly email: string;
  readonly isVerified: boolean;
}

/** Addresses of this run: key → the user who has it now. */
export type AddressHolders = Map<string, AddressHolder>;

/** A user of an earlier batch whose address goes to another one. */
interface LostAddress {
  readonly loser: AddressHolder;
  /** The place of the user who has it now. */
  readonly holder: string;
}

interface Addressed<T> {
  readonly candidates: readonly T[];
  /** Keys of addresses that users in the database, or of the batch before, have without a proof, and lose. */
  readonly taken: readonly string[];
  readonly lost: readonly LostAddress[];
}

/**
 * An address is one user's: the one whose address is verified has it, of several or none such the first; others are imported
 * without.
 * @param seen `name` and the key of a name → the place of the user of this run who has it.
 * @param holders those of the batches before; to be passed to the next one.
 */
export async function dropTakenAddresses<T extends ImportedUser>(
  queries: Queries,
  candidates: readonly T[],
  seen: ReadonlyMap<string, string>,
  holders: AddressHolders,
): Promise<Addressed<T>> {
  const keys = candidates.flatMap(({ user }) => user.email_key ?? []);
  const { blocked, unverified } = await importedUsersStore.findTakenAddresses(queries, keys);
  const batch = new Set(candidates.map(({ place }) => place));
  const taken = new Set<string>();
  const lost: LostAddress[] = [];
  for (const { user, place } of candidates) {
    const { username, email, email_key: key } = user;
    if (key === null || email === null) continue;
    const isVerified = user.email_verified_at !== null;
    const holder = holders.get(key);
    const isNamed = (seen.get(`name ${key}`) ?? place) !== place;
    const isFree = holder === undefined && !unverified.has(key);
    const mayTake = isVerified && holder?.isVerified !== true;
    if (blocked.has(key) || isNamed || !(isFree || mayTake)) continue;
    const isOfEarlierBatch = holder !== undefined && !batch.has(holder.place);
    if (isOfEarlierBatch) lost.push({ loser: holder, holder: place });
    if (isOfEarlierBatch || unverified.has(key)) taken.add(key);
    holders.set(key, { place, username, email, isVerified });
  }
  return {
    candidates: candidates.map((candidate) => {
      const { user, place } = candidate;
      const { email_key: key } = user;
      const holder = key === null ? place : (holders.get(key)?.place ?? seen.get(`name ${key}`));
      if (key === null || (holder === place && holders.has(key))) return candidate;
      return {
        ...candidate,
        addressHolder: holder === undefined || holder === place ? 'a user here' : holder,
        user: { ...user, email: null, email_key: null, email_verified_at: null },
      };
    }),
    taken: [...taken],
    lost,
  };
}
