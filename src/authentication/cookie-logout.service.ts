import type { RequestContext } from '../http/request-context.js';
import { Problem } from '../problems/problem.js';
import type { Revocations } from '../revocations/revocations.js';
import type { SessionsService } from '../sessions/sessions.service.js';
import type { TokenCookie } from '../sessions/token-cookies.js';
import type { AccessTokens } from '../tokens/access-token.js';
import type { RequestSource } from './request-source.js';

/** A request to log out with what its cookies hold. */
export interface CookieLogout {
  readonly access: TokenCookie | undefined;
  readonly refresh: TokenCookie | undefined;
  readonly source: RequestSource;
  readonly isMadeByScript: boolean;
}

/** Ends the sessions of token cookies. */
export class CookieLogoutService {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly revocations: Revocations,
    private readonly sessions: SessionsService,
  ) {}

  /**
   * Ends the sessions of the token cookies. Their tokens need not be valid: an expired access token still names its
   * session, and a refresh token outlives it. A cookie with anything else is deleted, and so is one whose path keeps it
   * from being sent here; so a request without cookies succeeds, too. A request from the service's own pages needs no
   * CSRF value, because a page may have lost it.
   * @returns whether the cookies may be deleted: a form on another site must not log a user out.
   */
  async logout(
    { access, refresh, source, isMadeByScript }: CookieLogout,
    context: RequestContext,
  ): Promise<boolean> {
    const isLive = refresh !== undefined || (access !== undefined && this.#isLive(access.token));
    const isOwn = source === 'own page';
    const isConfirmed = isOwn || access?.isConfirmed === true || refresh?.isConfirmed === true;
    const isHarmless = isMadeByScript || (source === 'unstated' && access !== undefined);
    if (!isConfirmed && (isLive || !isHarmless)) return false;
    if (access && (isOwn || access.isConfirmed || !isLive)) {
      const sessionId = this.accessTokens.findSessionId(access.token);
      if (sessionId !== undefined) await this.sessions.logout(sessionId, context);
    }
    if (refresh && (isOwn || refresh.isConfirmed)) {
      await this.sessions.logoutByRefreshToken(refresh.token, context);
    }
    return true;
  }

  #isLive(accessToken: string): boolean {
    try {
      return !this.revocations.isRevoked(this.accessTokens.verify(accessToken));
    } catch (error) {
      if (error instanceof Problem) return false;
      throw error;
    }
  }
}
