import type { Queries } from '../database/database.js';
import type { UserRow } from '../database/schema.js';
import { importedUsersStore } from './imported-users.store.js';

interface Candidate {
  readonly user: UserRow;
  readonly place: string;
}

/** Addresses of this run: key → who has it now. */
export type AddressHolders = Map<string, { readonly place: string; readonly isVerified: boolean }>;

interface Addressed<T> {
  readonly candidates: readonly T[];
  /** Keys of addresses that users in the database, or of the batch before, have without a proof, and lose. */
  readonly taken: readonly string[];
  /** How many users of earlier batches of this run lose theirs. */
  readonly lost: number;
}

/**
 * An address is one user's: the one whose address is verified has it, of several or none such the first; others are imported
 * without.
 * @param seen `name` and the key of a name → the place of the user of this run who has it.
 * @param holders those of the batches before; to be passed to the next one.
 */
export async function dropTakenAddresses<T extends Candidate>(
  queries: Queries,
  candidates: readonly T[],
  seen: ReadonlyMap<string, string>,
  holders: AddressHolders,
): Promise<Addressed<T>> {
  const keys = candidates.flatMap(({ user }) => user.email_key ?? []);
  const { blocked, unverified } = await importedUsersStore.findTakenAddresses(queries, keys);
  const batch = new Set(candidates.map(({ place }) => place));
  const taken = new Set<string>();
  let lost = 0;
  for (const { user, place } of candidates) {
    const { email_key: key } = user;
    if (key === null) continue;
    const isVerified = user.email_verified_at !== null;
    const holder = holders.get(key);
    const isNamed = (seen.get(`name ${key}`) ?? place) !== place;
    const isFree = holder === undefined && !unverified.has(key);
    const mayTake = isVerified && holder?.isVerified !== true;
    if (blocked.has(key) || isNamed || !(isFree || mayTake)) continue;
    const isOfEarlierBatch = holder !== undefined && !batch.has(holder.place);
    if (isOfEarlierBatch) lost += 1;
    if (isOfEarlierBatch || unverified.has(key)) taken.add(key);
    holders.set(key, { place, isVerified });
  }
  return {
    candidates: candidates.map((candidate) => {
      const { user, place } = candidate;
      const isKept = user.email_key === null || holders.get(user.email_key)?.place === place;
      return isKept
        ? candidate
        : { ...candidate, user: { ...user, email: null, email_key: null, email_verified_at: null } };
    }),
    taken: [...taken],
    lost,
  };
}
