import { epochSeconds, type Clock } from '../clock.js';
import type { AccessTokens } from '../tokens/access-token.js';
import type { KeyRing } from '../keys/key-ring.js';
import { makeRefreshToken } from '../tokens/refresh-token.js';
import { words } from '../roles/rights.js';
import type { RotatedSession } from './session-rotation.store.js';
import type { TokenSet } from './sessions.models.js';

/** What a refresh asks for, where it wants less than the session could have. */
export interface Narrowing {
  /** Chooses among the user's permissions; where it throws, the refresh has not happened. */
  readonly permissions?: (all: readonly string[]) => readonly string[];
  readonly audience?: readonly string[];
}

/** The tokens of a session. */
export class TokenSets {
  constructor(
    private readonly clock: Clock,
    private readonly ring: KeyRing,
    private readonly accessTokens: AccessTokens,
    /** Seconds. */
    private readonly sessionLifetime: number,
  ) {}

  /** @param fresh whether the password was just proved. */
  of(session: RotatedSession, fresh: boolean, narrowing: Narrowing = {}): TokenSet {
    const key = this.ring.refresh(session.refresh_key_id);
    // The key of a generation that is current is never retired before the session.
    if (!key) throw new Error(`The refresh key ${session.refresh_key_id} is not on the key ring.`);
    const passwordChangeRequired = session.password_one_time === 1;
    const all = passwordChangeRequired ? [] : words(session.permissions);
    const permissions = narrowing.permissions?.(all) ?? all;
    const lifetime = Math.min(this.accessTokens.lifetime, this.#secondsLeft(session));
    return {
      access_token: this.accessTokens.issue({
        subject: session.user_id,
        version: session.version,
        sessionId: session.id,
        roles: words(session.roles),
        rolesVersion: session.roles_version,
        permissions,
        authenticatedAt: session.authenticated_at,
        fresh,
        passwordChangeRequired,
        lifetime,
        ...(narrowing.audience && { audience: narrowing.audience }),
      }),
      token_type: this.accessTokens.scheme,
      expires_in: lifetime,
      refresh_token: makeRefreshToken(key, { sessionId: session.id, generation: session.generation }),
      refresh_expires_in: Math.max(0, Math.round((session.expires_at - this.clock.now()) / 1000)),
      scope: permissions.join(' '),
    };
  }

  /** Until the session has lived for as long as it may, in the whole seconds that tokens count. */
  #secondsLeft({ created_at: createdAt }: RotatedSession): number {
    const end = Math.floor(createdAt / 1000) + this.sessionLifetime;
    return Math.max(0, end - epochSeconds(this.clock));
  }
}
