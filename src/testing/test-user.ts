import { parseScope } from '../roles/rights.js';
import type { Services } from '../server/services.js';
import type { TokenSet } from '../sessions/token-sets.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';
import type { TestClock } from './test-clock.js';
import { testPassword } from './test-settings.js';

export interface NewTestUser {
  /** Another one for each user by default. */
  readonly username?: string;
  /** What the user may do: a role is made that permits it. None by default. */
  readonly permissions?: readonly string[];
  /** Roles that there are already, beside it: such as `admin`. */
  readonly roles?: readonly string[];
}

export interface AccessTokenOptions {
  /** How many seconds ago it was issued; one that is older than its lifetime has expired. 0 by default. */
  readonly age?: number;
  /** Whether it was issued by a login rather than by a refresh. True by default. */
  readonly fresh?: boolean;
}

/** A user who is logged in. */
export class TestUser {
  readonly #services: Services;
  readonly #clock: TestClock;
  readonly #tokens: TokenSet;

  constructor(
    services: Services,
    clock: TestClock,
    readonly id: string,
    readonly username: string,
    tokens: TokenSet,
  ) {
    this.#services = services;
    this.#clock = clock;
    this.#tokens = tokens;
  }

  readonly password = testPassword;

  get accessToken(): string {
    return this.#tokens.access_token;
  }

  get refreshToken(): string {
    return this.#tokens.refresh_token;
  }

  /** Of a request with the access token: `request(url).get('/reports').set(user.headers)`. */
  get headers(): { readonly Authorization: string } {
    return { Authorization: `Bearer ${this.accessToken}` };
  }

  /** Creates another access token of the same session, with the same rights. */
  createAccessToken({ age = 0, fresh = true }: AccessTokenOptions = {}): string {
    const claims = readClaims(this.accessToken);
    return this.#clock.makeEarlier(age, () =>
      this.#services.accessTokens.issue({
        subject: claims.sub,
        version: claims.ver,
        ...(claims.sid !== undefined && { sessionId: claims.sid }),
        ...(claims.preferred_username !== undefined && { username: claims.preferred_username }),
        roles: claims.roles,
        ...(claims.roles_ver !== undefined && { rolesVersion: claims.roles_ver }),
        permissions: parseScope(claims.scope),
        authenticatedAt: this.#clock.now(),
        fresh,
        ...(claims.amr && { methods: claims.amr }),
        ...(claims.mfa_time !== undefined && { secondFactorAt: claims.mfa_time * 1000 }),
        passwordChangeRequired: false,
      }),
    );
  }
}

/** Of a token that this service has issued, expired or not. */
function readClaims(token: string): AccessTokenClaims {
  const [, claims = ''] = token.split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString()) as AccessTokenClaims;
}
