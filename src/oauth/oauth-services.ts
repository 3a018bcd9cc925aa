import type { Logger } from 'pino';
import type { CountedEvents } from '../audit/counted-events.js';
import type { LoginLimiter } from '../authentication/login-limiter.js';
import type { LegacyTokens } from '../authentication/legacy-tokens.js';
import type { PresentedTokensService } from '../authentication/presented-tokens.service.js';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { Revocations } from '../revocations/revocations.js';
import type { TokenConfirmation } from '../revocations/token-confirmation.js';
import type { SessionsService } from '../sessions/sessions.service.js';
import type { AccessTokens } from '../tokens/access-token.js';
import type { Hooks } from '../tokens/hooks.js';
import { AccessTokenRevoker } from './access-token-revoker.js';
import type { AssertionAudience } from './client-assertion.js';
import { ClientAuthentication } from './client-authentication.js';
import { IntrospectionService } from './introspection.service.js';
import { LiveAccessTokens } from './live-access-tokens.js';
import { RevocationService } from './revocation.service.js';
import { TokenGrantsService } from './token-grants.service.js';

export interface OAuthServices {
  readonly clients: ClientAuthentication;
  readonly grants: TokenGrantsService;
  readonly introspection: IntrospectionService;
  readonly revocation: RevocationService;
}

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly hooks: Hooks;
  readonly ring: KeyRing;
  readonly accessTokens: AccessTokens;
  readonly revocations: Revocations;
  readonly confirmation: TokenConfirmation;
  readonly limiter: LoginLimiter;
  readonly auditCounts: CountedEvents;
  readonly sessions: SessionsService;
  readonly presentedTokens: PresentedTokensService;
  /** Undefined where the settings accept no tokens of another application. */
  readonly legacyTokens: LegacyTokens | undefined;
}

interface OAuthOptions {
  /** The issuer URL. */
  readonly issuer: string;
  readonly assertionAudience: AssertionAudience['form'];
  /** Seconds. */
  readonly leeway: number;
}

export function createOAuthServices(foundations: Dependencies, options: OAuthOptions): OAuthServices {
  const { database, clock, log, hooks, accessTokens, limiter, sessions, legacyTokens } = foundations;
  const { issuer, assertionAudience, leeway } = options;
  const liveTokens = new LiveAccessTokens(
    accessTokens,
    foundations.revocations,
    foundations.confirmation,
    legacyTokens?.access,
  );
  return {
    clients: new ClientAuthentication(
      database,
      clock,
      limiter,
      (reason, context, clientId, refusedKeys) => {
        log.warn(
          { event: 'denied', reason, clientId, ...(refusedKeys && { refusedKeys }), ...context },
          'client authentication denied',
        );
        foundations.auditCounts.add({
          event: 'client_authentication_failed',
          target: clientId === undefined ? undefined : { kind: 'client', id: clientId },
          context,
          reason,
        });
      },
      { audience: { issuer, form: assertionAudience }, leeway },
    ),
    grants: new TokenGrantsService(foundations.presentedTokens, accessTokens),
    introspection: new IntrospectionService(database, sessions, liveTokens, hooks, {
      issuer,
      scheme: accessTokens.scheme,
      legacyTokens,
    }),
    revocation: new RevocationService(
      foundations.ring,
      sessions,
      liveTokens,
      new AccessTokenRevoker(database, clock, accessTokens, foundations.revocations),
      legacyTokens,
    ),
  };
}
