import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import { createOpaqueToken, hashOpaqueToken } from '../keys/opaque-tokens.js';
import {
  passkeyChallengesStore,
  type ChallengePurpose,
  type StoredChallenge,
} from './passkey-challenges.store.js';

/** Seconds. */
export const challengeLifetime = 300;

/** The challenges that authenticators sign: each works once, for what it was made for. */
export class PasskeyChallenges {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * @param boundTo what it works with: a session, a login, a name; empty: with anything.
   * @returns it, base64url.
   */
  async create(purpose: ChallengePurpose, boundTo: string): Promise<string> {
    const challenge = createOpaqueToken();
    await passkeyChallengesStore.add(this.database.queries, {
      // A reader of the database must not be able to sign what somebody else was asked for.
      challenge_hash: hashOpaqueToken(challenge),
      purpose,
      bound_to: boundTo,
      expires_at: this.clock.now() + challengeLifetime * 1000,
    });
    return challenge;
  }

  /**
   * Uses it up, whatever comes of it.
   * @returns what it is for; undefined where it is unknown, expired, used, or for something else.
   */
  take(
    challenge: string,
    purposes: readonly ChallengePurpose[],
    boundTo?: string,
  ): Promise<Pick<StoredChallenge, 'purpose' | 'bound_to'> | undefined> {
    return passkeyChallengesStore.take(this.database.queries, {
      ...{ hash: hashOpaqueToken(challenge), purposes, boundTo },
      now: this.clock.now(),
    });
  }
}
