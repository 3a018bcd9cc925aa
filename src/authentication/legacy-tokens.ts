import {
  LegacyAccessTokensService,
  type LegacyAccessTokenDependencies,
  type LegacyAccessTokenOptions,
} from './legacy-access-tokens.service.js';
import {
  LegacyRefreshTokensService,
  type LegacyRefreshTokenDependencies,
  type LegacyRefreshTokenOptions,
} from './legacy-refresh-tokens.service.js';
import { LegacyTokenVerifier, type LegacyTokenVerifierOptions } from './legacy-token-verifier.js';

/** The tokens that a Flask application issued before its users came here, which are accepted for a limited time. */
export interface LegacyTokens {
  readonly access: LegacyAccessTokensService;
  readonly refresh: LegacyRefreshTokensService;
}

type Dependencies = Omit<LegacyAccessTokenDependencies & LegacyRefreshTokenDependencies, 'verifier'>;

type LegacyTokenOptions = LegacyTokenVerifierOptions & LegacyAccessTokenOptions & LegacyRefreshTokenOptions;

export function createLegacyTokens(dependencies: Dependencies, options: LegacyTokenOptions): LegacyTokens {
  const verifier = new LegacyTokenVerifier(dependencies.database, dependencies.clock, options);
  return {
    access: new LegacyAccessTokensService({ ...dependencies, verifier }, options),
    refresh: new LegacyRefreshTokensService({ ...dependencies, verifier }, options),
  };
}
