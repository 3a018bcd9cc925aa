import type { RequestContext } from '../http/request-context.js';
import { Problem } from '../problems/problem.js';
import type { SessionsService } from '../sessions/sessions.service.js';
import type { TokenRestriction, TokenSet } from '../sessions/token-sets.js';
import type { Caller } from '../tokens/caller.js';
import { hasFlaskHeader } from '../tokens/flask-token.js';
import type { LegacyTokens } from './legacy-tokens.js';

/** Refreshes and ends what a token stands for, whether this service issued it or the application that users came from. */
export class PresentedTokensService {
  constructor(
    private readonly sessions: SessionsService,
    private readonly legacyTokens: LegacyTokens | undefined,
  ) {}

  /**
   * @param restriction of the access token; where it throws, the refresh token stays valid.
   * @throws {Problem} `invalid_refresh_token`.
   */
  refresh(token: string, context: RequestContext, restriction: TokenRestriction = {}): Promise<TokenSet> {
    return this.legacyTokens && hasFlaskHeader(token)
      ? this.legacyTokens.refresh.exchange(token, context, restriction)
      : this.sessions.refresh(token, context, restriction);
  }

  async logoutByRefreshToken(token: string, context: RequestContext): Promise<void> {
    if (this.legacyTokens && hasFlaskHeader(token)) await this.legacyTokens.refresh.revoke(token, context);
    else await this.sessions.logoutByRefreshToken(token, context);
  }

  /** @throws {Problem} `user_session_required` for a client. */
  async logout({ sessionId, username, claims }: Caller, context: RequestContext): Promise<void> {
    if (sessionId !== undefined) await this.sessions.logout(sessionId, context);
    // Only a user's token of another application has a name and no session.
    else if (this.legacyTokens && username !== undefined) {
      await this.legacyTokens.access.revoke(claims, context);
    } else throw new Problem('user_session_required');
  }
}
