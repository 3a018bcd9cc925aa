import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { Revocations } from '../revocations/revocations.js';
import type { SubjectVersions } from '../revocations/subject-versions.js';
import type { SecondFactorPolicy } from '../sessions/second-factor-policy.js';
import type { SessionStarter } from '../sessions/session-starter.js';
import type { SessionsService } from '../sessions/sessions.service.js';
import { LegacyAccessTokensService, type LegacyAccessTokenOptions } from './legacy-access-tokens.service.js';
import {
  LegacyRefreshTokensService,
  type LegacyRefreshTokenOptions,
} from './legacy-refresh-tokens.service.js';
import { LegacyTokenVerifier, type LegacyTokenVerifierOptions } from './legacy-token-verifier.js';

/** The tokens that a Flask application issued before its users came here, which are accepted for a limited time. */
export interface LegacyTokens {
  readonly access: LegacyAccessTokensService;
  readonly refresh: LegacyRefreshTokensService;
}

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly revocations: Revocations;
  readonly sessions: SessionsService;
  readonly starter: SessionStarter;
  readonly versions: SubjectVersions;
  readonly secondFactorPolicy: SecondFactorPolicy;
}

type LegacyTokenOptions = LegacyTokenVerifierOptions & LegacyAccessTokenOptions & LegacyRefreshTokenOptions;

export function createLegacyTokens(dependencies: Dependencies, options: LegacyTokenOptions): LegacyTokens {
  const verifier = new LegacyTokenVerifier(dependencies.database, dependencies.clock, options);
  return {
    access: new LegacyAccessTokensService({ ...dependencies, verifier }, options),
    refresh: new LegacyRefreshTokensService({ ...dependencies, verifier }, options),
  };
}
