import type { RequestContext } from '../http/request-context.js';
import { Problem } from '../problems/problem.js';
import type { SessionsService } from '../sessions/sessions.service.js';
import type { TokenSet } from '../sessions/token-sets.js';
import type { Caller } from '../tokens/caller.js';
import type { LegacyTokens } from './legacy-tokens.service.js';

/** Refreshes and ends what a token belongs to: one of this service, or of the application that users came from. */
export class SessionTokens {
  /** @param legacyTokens undefined where the settings accept none. */
  constructor(
    private readonly sessions: SessionsService,
    private readonly legacyTokens: LegacyTokens | undefined,
  ) {}

  /** @throws {Problem} `invalid_refresh_token`. */
  refresh(refreshToken: string, context: RequestContext): Promise<TokenSet> {
    return this.legacyTokens?.isOne(refreshToken)
      ? this.legacyTokens.exchange(refreshToken, context)
      : this.sessions.refresh(refreshToken, context);
  }

  /** An unknown token is no error (RFC 7009 §2.2). */
  async revokeRefreshToken(refreshToken: string, context: RequestContext): Promise<void> {
    if (this.legacyTokens?.isOne(refreshToken)) {
      await this.legacyTokens.revokeRefreshToken(refreshToken, context);
    } else await this.sessions.logoutByRefreshToken(refreshToken, context);
  }

  /** @throws {Problem} `user_session_required` if the caller is a client. */
  async logout({ sessionId, username, claims }: Caller, context: RequestContext): Promise<void> {
    if (sessionId !== undefined) await this.sessions.logout(sessionId, context);
    // Only a user's token of another application has a name and no session.
    else if (this.legacyTokens && username !== undefined) {
      await this.legacyTokens.revokeAccessToken(claims, context);
    } else throw new Problem('user_session_required');
  }
}
