import { LRUCache } from 'lru-cache';
import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { epochSeconds, type Clock } from '../clock.js';
import type { Hooks } from './hooks.js';
import { Problem } from '../problems/problem.js';
import {
  accessTokenUse,
  reservedClaims,
  type AccessGrant,
  type AccessTokenClaims,
} from './access-token-claims.js';
import type { AccessTokenType } from './access-token-types.js';
import { base64urlBytes, base64urlLength, maxTokenLength, type RightsCapacity } from './access-token-size.js';
import { AccessTokenVerifier, retentionAfterExpiry } from './access-token-verifier.js';
import { maxUsernameLength } from '../usernames/username.js';
import { selectAddedMembers, encodeUtf8AsLatin1 } from './added-members.js';
import type { Algorithm } from '../keys/algorithms.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { SigningKey } from '../keys/signing-keys.js';

export interface AccessTokenOptions {
  readonly issuer: string;
  /** Issuers whose tokens are accepted. */
  readonly acceptedIssuers: readonly string[];
  /** The default audience, for grants without one. */
  readonly audience: readonly string[];
  /** The audiences that this service's own protected operations answer to. */
  readonly acceptedAudiences: readonly string[];
  /** Seconds. */
  readonly lifetime: number;
  /** Seconds. */
  readonly leeway: number;
  /** Whether tokens say from when they are valid. */
  readonly notBefore: boolean;
  /** The header's `typ`. */
  readonly type: AccessTokenType;
  /** The word that a token is sent with: `Bearer` (RFC 6750). */
  readonly scheme: string;
  /** Characters that a user's token may have: fewer than any may where it comes in a cookie. */
  readonly maxLength: number;
  readonly hooks: Pick<Hooks, 'additionalClaims' | 'additionalHeaders'>;
}

interface Verified {
  readonly claims: AccessTokenClaims;
  /** One of its audiences is this service. */
  readonly audienceAccepted: boolean;
}

/** What says how a token is to be verified; no hook sets one of these. */
const reservedHeaders: ReadonlySet<string> = new Set(['alg', 'kid', 'typ', 'crit', 'b64']);
/** RFC 9068 demands a client; users who log in here are all clients of the service itself. */
export const firstPartyClientId = 'latchkey';
/** What takes most room in a user's token beside the roles and the permissions; ids are UUIDs. */
const largestGrant: AccessGrant = {
  subject: '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10',
  version: Number.MAX_SAFE_INTEGER,
  rolesVersion: Number.MAX_SAFE_INTEGER,
  sessionId: '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b11',
  roles: [],
  permissions: [],
  authenticatedAt: Date.parse('9999-12-31'),
  fresh: false,
  passwordChangeRequired: true,
  // No character takes more bytes for each of its UTF-16 units.
  username: '\u20ac'.repeat(maxUsernameLength),
};
/** Tokens whose verification is remembered: one or two KiB each. */
const maxCachedTokens = 10_000;

/** Issues access tokens, and verifies that a token is this service's and valid now. `Revocations` knows whether it was revoked. */
export class AccessTokens implements RightsCapacity {
  readonly #verified = new LRUCache<string, Verified>({ max: maxCachedTokens });
  readonly #verifier: AccessTokenVerifier;
  #removals = 0;

  constructor(
    private readonly ring: KeyRing,
    private readonly clock: Clock,
    private readonly options: AccessTokenOptions,
  ) {
    this.#verifier = new AccessTokenVerifier(ring, clock, options);
  }

  /** Seconds. */
  get lifetime(): number {
    return this.options.lifetime;
  }

  /** The default audience, for grants without one. */
  get audience(): readonly string[] {
    return this.options.audience;
  }

  /** The word that a token is sent with, which OAuth calls its `token_type`. */
  get scheme(): string {
    return this.options.scheme;
  }

  /** When a token is dead for certain, in milliseconds: what its revocation must outlive. */
  computeExpiry({ exp }: AccessTokenClaims): number {
    return exp * 1000 + retentionAfterExpiry;
  }

  /**
   * When a token that is issued now is dead for certain, in milliseconds: what a revocation must outlive.
   * @param lifetime seconds; undefined: as the settings say.
   */
  computeNextExpiry(lifetime = this.options.lifetime): number {
    return (epochSeconds(this.clock) + lifetime) * 1000 + retentionAfterExpiry;
  }

  /**
   * Bytes that there are in a user's access token for roles and permissions, as `rightsSize` counts them, whatever key of
   * the ring signs it. What hooks add counts when it is added.
   */
  get rightsCapacity(): number {
    const key = this.#findLongestKey();
    const header = base64urlLength(jsonLength(this.#buildHeader(key)));
    const rest = this.options.maxLength - header - base64urlLength(key.signatureLength) - 2;
    return base64urlBytes(rest) - jsonLength(this.#buildClaims(largestGrant));
  }

  /**
   * Characters of the token that a grant gives at most, whatever key of the ring signs it. What hooks add counts when it is
   * added.
   */
  computeLength(grant: AccessGrant): number {
    const key = this.#findLongestKey();
    const parts = [
      jsonLength(this.#buildHeader(key)),
      jsonLength(this.#buildClaims(grant)),
      key.signatureLength,
    ];
    return parts.map(base64urlLength).reduce((sum, length) => sum + length, 2);
  }

  /** Whether an API builder adds to each token: what is added may be too much, or fail. */
  get hasHooks(): boolean {
    const { additionalClaims, additionalHeaders } = this.options.hooks;
    return additionalClaims !== undefined || additionalHeaders !== undefined;
  }

  /** Characters that a user's access token may have. */
  get maxLength(): number {
    return this.options.maxLength;
  }

  /** @throws {Problem} `token_too_long` where nobody would accept it; an Error where hooks add what no token can have. */
  issue(grant: AccessGrant): string {
    const { hooks } = this.options;
    const claims = {
      ...selectAddedMembers('additionalClaims', hooks.additionalClaims?.(grant), reservedClaims),
      ...this.#buildClaims(grant),
    };
    const { signingKey } = this.ring;
    const { privateKey, algorithm } = signingKey;
    const header = {
      ...encodeUtf8AsLatin1(
        selectAddedMembers('additionalHeaders', hooks.additionalHeaders?.(grant), reservedHeaders),
      ),
      ...this.#buildHeader(signingKey),
    };
    const token = jwt.sign(claims, privateKey, { algorithm, header });
    // A client's own token comes in no cookie.
    const limit = grant.sessionId === undefined ? maxTokenLength : this.options.maxLength;
    if (token.length > limit) throw this.#createTooLongProblem(grant, token.length, limit);
    return token;
  }

  #createTooLongProblem(grant: AccessGrant, length: number, limit: number): Problem {
    const cause =
      this.computeLength(grant) > limit
        ? 'An administrator has to take roles from the account, or permissions from its roles.'
        : 'What the hooks additionalClaims and additionalHeaders add has to become shorter.';
    return new Problem('token_too_long', {
      detail: `The access token of ${grant.subject} would have ${length} characters, and ${limit} is the limit. ${cause}`,
    });
  }

  #findLongestKey(): SigningKey {
    const { signingKey } = this.ring;
    return this.ring
      .listSigningKeys()
      .reduce<SigningKey>(
        (longest, key) => (key.signatureLength > longest.signatureLength ? key : longest),
        signingKey,
      );
  }

  #buildClaims(grant: AccessGrant): AccessTokenClaims {
    const { issuer, lifetime, notBefore } = this.options;
    const now = epochSeconds(this.clock);
    const audience = grant.audience ?? this.options.audience;
    return {
      iss: issuer,
      sub: grant.subject,
      aud: audience.length === 1 ? (audience[0] ?? issuer) : audience,
      exp: now + (grant.lifetime ?? lifetime),
      iat: now,
      ...(notBefore && { nbf: now }),
      jti: randomUUID(),
      ...(grant.sessionId !== undefined && { sid: grant.sessionId }),
      ver: grant.version,
      client_id: grant.clientId ?? firstPartyClientId,
      scope: grant.permissions.join(' '),
      roles: grant.roles,
      ...(grant.rolesVersion !== undefined && { roles_ver: grant.rolesVersion }),
      ...(grant.authenticatedAt !== undefined && { auth_time: Math.floor(grant.authenticatedAt / 1000) }),
      fresh: grant.fresh,
      ...(grant.passwordChangeRequired && { pwd_change: true }),
      ...(grant.username !== undefined && { preferred_username: grant.username }),
      ...(this.options.type === 'JWT' && { token_use: accessTokenUse }),
    };
  }

  #buildHeader({ id, algorithm }: SigningKey): { alg: Algorithm; typ: AccessTokenType; kid: string } {
    return { alg: algorithm, typ: this.options.type, kid: id };
  }

  /**
   * Verifies a token that is shown to this service's own operations.
   * @returns the token's claims, the same frozen object each time the same token comes.
   * @throws {Problem} `invalid_token`, with a detail that says what is wrong.
   */
  verify(token: string): AccessTokenClaims {
    const { claims, audienceAccepted } = this.#verifyCached(token);
    if (!audienceAccepted) throw invalidToken('The access token was issued for another service.');
    return claims;
  }

  /** Verifies a token that was presented to another service, with any audience. */
  verifyForAnyAudience(token: string): AccessTokenClaims {
    return this.#verifyCached(token).claims;
  }

  /** The same for a token that is to be revoked: it may have been issued by a clock that is ahead of this one. */
  verifyForRevocation(token: string): AccessTokenClaims {
    this.#clearCachesAfterKeyRemoval();
    return this.#verifier.verify(token, { ignoreNotBefore: true });
  }

  /**
   * The session of one of this service's tokens, even if it has expired: for a logout.
   * @returns undefined for any other token, and for that of a client.
   */
  findSessionId(token: string): string | undefined {
    try {
      this.#clearCachesAfterKeyRemoval();
      return this.#verifier.verify(token, { ignoreExpiration: true }).sid;
    } catch (error) {
      if (error instanceof Problem) return undefined;
      throw error;
    }
  }

  #verifyCached(token: string): Verified {
    this.#clearCachesAfterKeyRemoval();
    const known = this.#verified.get(token);
    if (known) {
      if (this.#isInTime(known.claims)) return known;
      this.#verified.delete(token);
      throw invalidToken('The access token has expired.');
    }
    const claims = this.#verifier.verify(token);
    const audience = typeof claims.aud === 'string' ? [claims.aud] : claims.aud;
    const verified = {
      claims,
      audienceAccepted: audience.some((each) => this.options.acceptedAudiences.includes(each)),
    };
    this.#verified.set(token, verified);
    return verified;
  }

  #isInTime({ exp }: AccessTokenClaims): boolean {
    return epochSeconds(this.clock) < exp + this.options.leeway;
  }

  /** What is known of a token, or of a header, is known by its key. */
  #clearCachesAfterKeyRemoval(): void {
    if (this.#removals === this.ring.removals) return;
    this.#verified.clear();
    this.#verifier.clearHeaderCache();
    this.#removals = this.ring.removals;
  }
}

function invalidToken(detail: string): Problem {
  return new Problem('invalid_token', { detail });
}

function jsonLength(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}
