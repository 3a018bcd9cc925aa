import type { Queries } from '../database/database.js';
import type { UserRow } from '../database/schema.js';
import { importedUsersStore } from './imported-users.store.js';

interface Candidate {
  readonly user: UserRow;
  readonly place: string;
  /** Who has the address that this user had there, as a report says it. */
  readonly addressHolder?: string | undefined;
}

/**
 * An address is one user's: the first one keeps it, and others are imported without.
 * @param seen `address` or `name`, and the key → the place in the source of the first user of this run who has it.
 */
export async function dropTakenAddresses<T extends Candidate>(
  queries: Queries,
  candidates: readonly T[],
  seen: Map<string, string>,
): Promise<T[]> {
  const keys = candidates.flatMap(({ user }) => user.email_key ?? []);
  const taken = await importedUsersStore.findTakenAddresses(queries, keys);
  return candidates.map((candidate) => {
    const { user, place } = candidate;
    const { email_key: key } = user;
    if (key === null) return candidate;
    const before = seen.get(`address ${key}`) ?? seen.get(`name ${key}`) ?? place;
    if (!taken.has(key) && before === place) {
      seen.set(`address ${key}`, place);
      return candidate;
    }
    return {
      ...candidate,
      addressHolder: before === place ? 'a user here' : before,
      user: { ...user, email: null, email_key: null, email_verified_at: null },
    };
  });
}
