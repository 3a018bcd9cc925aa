import type { BatchStatement } from '../database/batch.js';
import type { Queries } from '../database/database.js';
import { deleteExpiredRows } from '../database/expired-rows.js';
import type { LoginChallengeRow, UserRow } from '../database/schema.js';
import type { PlacedUser } from './login-places.js';
import type { LoginPlace } from './login-places.store.js';

export type LoginChallenge = Pick<LoginChallengeRow, 'token_hash' | 'session_epoch' | 'amr' | 'attempt_key'>;
export type ChallengedUser = Pick<
  UserRow,
  'id' | 'username' | 'password_hash' | 'second_factors' | 'disabled_at'
>;

interface FoundChallenge {
  readonly challenge: LoginChallenge;
  readonly user: ChallengedUser & Pick<UserRow, 'session_epoch'> & Pick<PlacedUser, 'place_used_at'>;
  /** Whether the user has logged in from this network before. */
  readonly known: boolean;
}

/** Logins that wait for the second factor. */
export const loginChallengesStore = {
  prepareAdd(queries: Queries, challenge: LoginChallengeRow): BatchStatement {
    return { query: queries.insertInto('latchkey_login_challenges').values(challenge) };
  },

  /**
   * Finds a challenge that can still be met, and its user.
   * @param network as `getNetwork` returns it.
   */
  async find(
    queries: Queries,
    {
      tokenHash,
      network,
      place,
      now,
    }: {
      readonly tokenHash: string;
      readonly network: string;
      readonly place: LoginPlace;
      readonly now: number;
    },
  ): Promise<FoundChallenge | undefined> {
    const row = await queries
      .selectFrom('latchkey_login_challenges as challenge')
      .innerJoin('users as user', 'user.id', 'challenge.user_id')
      .where('challenge.token_hash', '=', tokenHash)
      .where('challenge.tries_left', '>', 0)
      .where('challenge.expires_at', '>', now)
      .select([
        'challenge.token_hash',
        'challenge.session_epoch as challenge_epoch',
        'challenge.amr',
        'challenge.attempt_key',
        'user.id',
        'user.username',
        'user.password_hash',
        'user.second_factors',
        'user.disabled_at',
        'user.session_epoch',
      ])
      .select((eb) =>
        eb
          .selectFrom('sessions')
          .select('sessions.id')
          .whereRef('sessions.user_id', '=', 'user.id')
          .where('sessions.network', '=', network)
          .limit(1)
          .as('known'),
      )
      .select((eb) =>
        eb
          .selectFrom('latchkey_login_places as places')
          .select('places.last_used_at')
          .whereRef('places.user_id', '=', 'user.id')
          .where('places.network', '=', place.network)
          .where('places.agent', '=', place.agent)
          .as('place_used_at'),
      )
      .executeTakeFirst();
    if (!row) return undefined;
    const { challenge_epoch, token_hash, amr, attempt_key, known, ...user } = row;
    const challenge = { token_hash, session_epoch: challenge_epoch, amr, attempt_key };
    return { challenge, user, known: known !== null };
  },

  /**
   * Takes one of the tries of a challenge, before the try is made: parallel tries are never more than sequential ones.
   * @returns whether there was one.
   */
  async takeTry(queries: Queries, tokenHash: string, now: number): Promise<boolean> {
    const taken = await queries
      .updateTable('latchkey_login_challenges')
      .set((eb) => ({ tries_left: eb('tries_left', '-', 1) }))
      .where('token_hash', '=', tokenHash)
      .where('tries_left', '>', 0)
      .where('expires_at', '>', now)
      .returning('tries_left')
      .executeTakeFirst();
    return taken !== undefined;
  },

  /** Of several that meet a challenge at the same time, one finds it. */
  prepareTake(queries: Queries, tokenHash: string): BatchStatement {
    const query = queries
      .deleteFrom('latchkey_login_challenges')
      .where('token_hash', '=', tokenHash)
      .returning('token_hash');
    return { query, required: true };
  },

  /** Deletes up to `limit` challenges of any users. @returns the number of rows deleted. */
  deleteSome(queries: Queries, limit: number): Promise<number> {
    return deleteExpiredRows(
      queries,
      'latchkey_login_challenges',
      ['token_hash'],
      Number.MAX_SAFE_INTEGER,
      limit,
    );
  },

  /** Deletes up to `limit` expired rows. @returns the number of rows deleted. */
  deleteExpired(queries: Queries, now: number, limit: number): Promise<number> {
    return deleteExpiredRows(queries, 'latchkey_login_challenges', ['token_hash'], now, limit);
  },
};
