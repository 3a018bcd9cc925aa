import { getEpochSeconds, type Clock } from '../clock.js';
import type { AccessTokens } from '../tokens/access-token.js';
import type { KeyRing } from '../keys/key-ring.js';
import { createRefreshToken, parseRefreshToken, type RefreshTokenContents } from '../tokens/refresh-token.js';
import { parseScope } from '../roles/rights.js';
import type { SecondFactorPolicy } from './second-factor-policy.js';
import type { RotatedSession } from './session-rotation.store.js';

/** Limits the access token of a refresh to some of the permissions and audiences. */
export interface TokenRestriction {
  /** Chooses among the user's permissions; where it throws, the refresh is rolled back. */
  readonly permissions?: (all: readonly string[]) => readonly string[];
  readonly audience?: readonly string[];
}

/** A session's tokens, by the names of RFC 6749 §5.1; lifetimes in seconds. */
export interface TokenSet {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly refresh_token: string;
  readonly refresh_expires_in: number;
  /** Permissions, space-separated. */
  readonly scope: string;
}

/** Creates the tokens of sessions. */
export class TokenSets {
  constructor(
    private readonly clock: Clock,
    private readonly ring: KeyRing,
    private readonly accessTokens: AccessTokens,
    private readonly options: {
      /** Seconds. */
      readonly sessionLifetime: number;
      readonly secondFactor: SecondFactorPolicy;
    },
  ) {}

  /** The id of the key for new refresh tokens. */
  get refreshKeyId(): string {
    return this.ring.refreshKey.id;
  }

  /** Whether token creation runs hooks, which may fail. */
  get runsHooks(): boolean {
    return this.accessTokens.hasHooks;
  }

  /** The maximum expiry of an access token issued now, in milliseconds since the Unix epoch. */
  computeAccessExpiry(): number {
    return this.accessTokens.computeNextExpiry();
  }

  /** @returns undefined where this service did not issue the refresh token. */
  read(refreshToken: string): RefreshTokenContents | undefined {
    return parseRefreshToken(this.ring, refreshToken);
  }

  /** @param fresh whether the password was just verified. */
  create(session: RotatedSession, fresh: boolean, narrowing: TokenRestriction = {}): TokenSet {
    const key = this.ring.findRefreshKey(session.refresh_key_id);
    // The key of a session's current generation is never retired before the session.
    if (!key) throw new Error(`The refresh key ${session.refresh_key_id} is not on the key ring.`);
    const passwordChangeRequired = session.password_one_time === 1;
    const held = parseScope(session.permissions);
    const enrollmentRequired = this.#mustEnroll(session, held);
    const all = passwordChangeRequired || enrollmentRequired ? [] : held;
    const permissions = narrowing.permissions?.(all) ?? all;
    const lifetime = Math.min(this.accessTokens.lifetime, this.#computeSecondsLeft(session));
    return {
      access_token: this.accessTokens.issue({
        subject: session.user_id,
        version: session.version,
        sessionId: session.id,
        username: session.username,
        roles: parseScope(session.roles),
        rolesVersion: session.roles_version,
        permissions,
        authenticatedAt: session.authenticated_at,
        fresh,
        methods: session.amr.split(' '),
        ...(session.second_factor_at !== null && { secondFactorAt: session.second_factor_at }),
        enrollmentRequired,
        passwordChangeRequired,
        lifetime,
        ...(narrowing.audience && { audience: narrowing.audience }),
      }),
      token_type: this.accessTokens.scheme,
      expires_in: lifetime,
      refresh_token: createRefreshToken(key, { sessionId: session.id, generation: session.generation }),
      refresh_expires_in: Math.max(0, Math.round((session.expires_at - this.clock.now()) / 1000)),
      scope: permissions.join(' '),
    };
  }

  /** Also where the policy has become stricter, or the user's rights have grown, since the session began. */
  #mustEnroll({ second_factor_at: provedAt, device_id: device }: RotatedSession, held: readonly string[]) {
    return provedAt === null && device === null && this.options.secondFactor.isRequired(held);
  }

  /** Until the session's maximum lifetime. */
  #computeSecondsLeft({ created_at: createdAt }: RotatedSession): number {
    const end = Math.floor(createdAt / 1000) + this.options.sessionLifetime;
    return Math.max(0, end - getEpochSeconds(this.clock));
  }
}
