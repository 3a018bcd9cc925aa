import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { Feed } from './feed.js';
import { openFeed } from './open-feed.js';
import { Revocations } from './revocations.js';
import { SubjectVersions } from './subject-versions.js';
import { TokenConfirmation } from './token-confirmation.js';

export interface RevocationServices {
  readonly revocations: Revocations;
  /** Follows other processes' changes; knows whether the revocations in memory are complete. */
  readonly feed: Feed;
  /** Reads the revocations of a token from the database, where memory may be incomplete. */
  readonly confirmation: TokenConfirmation;
  /** Revokes all tokens of a user, a client or the holders of a role. */
  readonly versions: SubjectVersions;
  /** Reads the revocations and keys of other processes. */
  readonly catchUp: () => Promise<void>;
}

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ring: KeyRing;
}

interface RevocationOptions {
  /** How old the feed may be, in milliseconds. */
  readonly bound: number;
  /** How long a request waits for the database to confirm its token, in milliseconds. */
  readonly confirmationTimeout: number;
}

export function createRevocationServices(
  { database, clock, log, ring }: Dependencies,
  { bound, confirmationTimeout }: RevocationOptions,
): RevocationServices {
  const revocations = new Revocations(database, clock);
  const catchUp = async (): Promise<void> => {
    await revocations.readAll();
    await ring.reload();
  };
  const follower = {
    readAll: catchUp,
    onRevoked: revocations.apply.bind(revocations),
    onKeysChanged: () => ring.reload(),
  };
  const feed = openFeed(database, follower, { bound, log });
  return {
    revocations,
    feed,
    confirmation: new TokenConfirmation(database, feed, revocations, ring, confirmationTimeout),
    versions: new SubjectVersions(clock, revocations),
    catchUp,
  };
}
