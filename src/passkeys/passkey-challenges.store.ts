import type { Queries } from '../database/database.js';
import { deleteExpiredRows } from '../database/expired-rows.js';
import type { Schema } from '../database/schema.js';

export type StoredChallenge = Schema['latchkey_passkey_challenges'];
export type ChallengePurpose = StoredChallenge['purpose'];

export const passkeyChallengesStore = {
  async add(queries: Queries, challenge: StoredChallenge): Promise<void> {
    await queries.insertInto('latchkey_passkey_challenges').values(challenge).execute();
  },

  /**
   * Uses a challenge up: of two at once, one gets it.
   * @param boundTo undefined: whatever it is bound to.
   */
  take(
    queries: Queries,
    challenge: {
      readonly hash: string;
      readonly purposes: readonly ChallengePurpose[];
      readonly boundTo: string | undefined;
      readonly now: number;
    },
  ): Promise<Pick<StoredChallenge, 'purpose' | 'bound_to'> | undefined> {
    return queries
      .deleteFrom('latchkey_passkey_challenges')
      .where('challenge_hash', '=', challenge.hash)
      .where('purpose', 'in', challenge.purposes)
      .where('expires_at', '>', challenge.now)
      .where((eb) =>
        challenge.boundTo === undefined ? eb.lit(true) : eb('bound_to', '=', challenge.boundTo),
      )
      .returning(['purpose', 'bound_to'])
      .executeTakeFirst();
  },

  /** @returns how many. */
  deleteExpired(queries: Queries, now: number, limit: number): Promise<number> {
    return deleteExpiredRows(queries, 'latchkey_passkey_challenges', ['challenge_hash'], now, limit);
  },
};
