import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { Feed } from '../revocations/feed.js';
import type { Revocations } from '../revocations/revocations.js';
import type { SubjectVersions } from '../revocations/subject-versions.js';
import type { AccessTokens } from '../tokens/access-token.js';
import type { OnDenied } from './denials.js';
import type { SecondFactorPolicy } from './second-factor-policy.js';
import { SessionEnder } from './session-ender.js';
import { SessionLimit } from './session-limit.js';
import { SessionStarter } from './session-starter.js';
import { SessionUses } from './session-uses.js';
import { SessionsService } from './sessions.service.js';
import { TokenSets } from './token-sets.js';
import { UserSessionsService } from './user-sessions.service.js';

export interface SessionServices {
  readonly sessions: SessionsService;
  readonly sessionStarter: SessionStarter;
  readonly sessionUses: SessionUses;
  readonly userSessions: UserSessionsService;
}

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly ring: KeyRing;
  readonly accessTokens: AccessTokens;
  readonly revocations: Revocations;
  readonly versions: SubjectVersions;
  readonly feed: Feed;
  readonly onDenied: OnDenied;
  readonly secondFactorPolicy: SecondFactorPolicy;
}

/** Lifetimes in seconds. `sessionLimit`: sessions per user; 0: no limit. */
interface SessionSettings {
  readonly refreshTokenLifetime: number;
  readonly refreshGrace: number;
  readonly sessionLifetime: number;
  readonly sessionLimit: number;
}

export function createSessionServices(
  {
    database,
    clock,
    ring,
    accessTokens,
    revocations,
    versions,
    feed,
    onDenied,
    secondFactorPolicy,
  }: Dependencies,
  { refreshTokenLifetime, refreshGrace, sessionLifetime, sessionLimit }: SessionSettings,
): SessionServices {
  const tokenSets = new TokenSets(clock, ring, accessTokens, {
    sessionLifetime,
    secondFactor: secondFactorPolicy,
  });
  const sessionUses = new SessionUses(database, clock);
  const limit = new SessionLimit(database, clock, revocations, { max: sessionLimit, sessionLifetime });
  return {
    sessions: new SessionsService(
      database,
      clock,
      tokenSets,
      new SessionEnder(database, clock, revocations),
      {
        refreshTokenLifetime,
        sessionLifetime,
        // Clients could not retry during a database outage: that time does not count.
        grace: () => refreshGrace * 1000 + feed.getRecentOutage(refreshGrace * 1000),
        onDenied,
      },
    ),
    sessionStarter: new SessionStarter(database, clock, tokenSets, limit, {
      refreshTokenLifetime,
      sessionLifetime,
    }),
    sessionUses,
    userSessions: new UserSessionsService(database, clock, versions, sessionUses, { sessionLifetime }),
  };
}
