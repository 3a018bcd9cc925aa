import { LRUCache } from 'lru-cache';
import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { getEpochSeconds, type Clock } from '../clock.js';
import { Problem } from '../problems/problem.js';
import {
  accessTokenUse,
  reservedClaims,
  type AccessGrant,
  type AccessTokenClaims,
} from './access-token-claims.js';
import type { AccessTokenOptions } from './access-token-options.js';
import type { AccessTokenType } from './access-token-types.js';
import {
  computeBase64urlBytes,
  computeBase64urlLength,
  maxTokenLength,
  type RightsCapacity,
} from './access-token-size.js';
import { AccessTokenVerifier, retentionAfterExpiry } from './access-token-verifier.js';
import { getAssuranceLevel, largestMethods } from './authentication-methods.js';
import { maxUsernameLength } from '../usernames/username.js';
import { selectAddedMembers, encodeUtf8AsLatin1 } from './added-members.js';
import type { Algorithm } from '../keys/algorithms.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { SigningKey } from '../keys/signing-keys.js';

interface Verified {
  readonly claims: AccessTokenClaims;
  /** Whether one of its audiences is accepted here. */
  readonly audienceAccepted: boolean;
}

/** Header parameters that say how a token is verified: no hook may set them. */
const reservedHeaders: ReadonlySet<string> = new Set(['alg', 'kid', 'typ', 'crit', 'b64']);
/** The `client_id` of users' tokens: RFC 9068 §2.2 requires one, and users log in to the service itself. */
export const firstPartyClientId = 'latchkey';
/** A grant whose claims, apart from roles and permissions, are as long as they can be; ids are UUIDs. */
const largestGrant: AccessGrant = {
  subject: '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10',
  version: Number.MAX_SAFE_INTEGER,
  rolesVersion: Number.MAX_SAFE_INTEGER,
  sessionId: '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b11',
  roles: [],
  permissions: [],
  authenticatedAt: Date.parse('9999-12-31'),
  fresh: false,
  methods: largestMethods,
  secondFactorAt: Date.parse('9999-12-31'),
  passwordChangeRequired: true,
  enrollmentRequired: true,
  // No character takes more bytes for each of its UTF-16 units.
  username: '\u20ac'.repeat(maxUsernameLength),
};
/** Tokens whose verification is cached: one or two KiB each. */
const maxCachedTokens = 10_000;

/** Issues and verifies access tokens. Whether a token is revoked is for `Revocations` to say. */
export class AccessTokens implements RightsCapacity {
  readonly #verified = new LRUCache<string, Verified>({ max: maxCachedTokens });
  readonly #verifier: AccessTokenVerifier;
  #removals = 0;
  #hits = 0;
  #misses = 0;

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

  /** The default audience, for grants that have none. */
  get audience(): readonly string[] {
    return this.options.audience;
  }

  /** The authentication scheme of access tokens, which OAuth calls `token_type`. */
  get scheme(): string {
    return this.options.scheme;
  }

  /** The time, in milliseconds since the Unix epoch, until which a token's revocation must be kept. */
  computeExpiry({ exp }: AccessTokenClaims): number {
    return exp * 1000 + retentionAfterExpiry;
  }

  /**
   * The time, in milliseconds since the Unix epoch, until which the revocation of a token that is issued now must be kept.
   * @param lifetime seconds; undefined: the lifetime of the settings.
   */
  computeNextExpiry(lifetime = this.options.lifetime): number {
    return (getEpochSeconds(this.clock) + lifetime) * 1000 + retentionAfterExpiry;
  }

  /**
   * The bytes available for roles and permissions in a user's access token, as `computeRightsSize` counts them, whichever
   * key of the ring signs it. Claims of hooks are not counted here but when a token is issued.
   */
  get rightsCapacity(): number {
    const key = this.#findLongestKey();
    const header = computeBase64urlLength(computeJsonLength(this.#buildHeader(key)));
    const rest = this.options.maxLength - header - computeBase64urlLength(key.signatureLength) - 2;
    return computeBase64urlBytes(rest) - computeJsonLength(this.#buildClaims(largestGrant));
  }

  /**
   * The maximum length in characters of the token for a grant, whichever key of the ring signs it, without what hooks add.
   */
  computeLength(grant: AccessGrant): number {
    const key = this.#findLongestKey();
    const parts = [
      computeJsonLength(this.#buildHeader(key)),
      computeJsonLength(this.#buildClaims(grant)),
      key.signatureLength,
    ];
    return parts.map(computeBase64urlLength).reduce((sum, length) => sum + length, 2);
  }

  /** Whether hooks add to tokens; if so, issuing one may fail. */
  get hasHooks(): boolean {
    const { additionalClaims, additionalHeaders } = this.options.hooks;
    return additionalClaims !== undefined || additionalHeaders !== undefined;
  }

  /** How often a token was found among those that were verified before, how often not, and how many are remembered. */
  get cacheUse(): { readonly hits: number; readonly misses: number; readonly size: number } {
    return { hits: this.#hits, misses: this.#misses, size: this.#verified.size };
  }

  /** Maximum length of a user's access token in characters. */
  get maxLength(): number {
    return this.options.maxLength;
  }

  /** @throws {Problem} `token_too_long` if it would exceed the maximum length; an Error if a hook adds what no token can have. */
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
    // A client's own token is never sent in a cookie.
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
    const now = getEpochSeconds(this.clock);
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
      ...(grant.methods && { amr: grant.methods, acr: getAssuranceLevel(grant.methods) }),
      ...(grant.secondFactorAt !== undefined && { mfa_time: Math.floor(grant.secondFactorAt / 1000) }),
      ...(grant.enrollmentRequired && { mfa_enroll: true }),
      ...(grant.passwordChangeRequired && { pwd_change: true }),
      ...(grant.username !== undefined && { preferred_username: grant.username }),
      ...(this.options.type === 'JWT' && { token_use: accessTokenUse }),
    };
  }

  #buildHeader({ id, algorithm }: SigningKey): { alg: Algorithm; typ: AccessTokenType; kid: string } {
    return { alg: algorithm, typ: this.options.type, kid: id };
  }

  /**
   * Verifies a token that was sent to one of this service's own operations.
   * @returns the token's claims: the same frozen object each time for the same token.
   * @throws {Problem} `invalid_token`, with a detail that says what is wrong.
   */
  verify(token: string): AccessTokenClaims {
    const { claims, audienceAccepted } = this.#verifyCached(token);
    if (!audienceAccepted) throw createInvalidToken('The access token was issued for another service.');
    return claims;
  }

  /** Verifies a token that was sent to another service: its audience is not checked. */
  verifyForAnyAudience(token: string): AccessTokenClaims {
    return this.#verifyCached(token).claims;
  }

  /** The same for a token that is to be revoked, which may have been issued by a clock that is ahead of this one. */
  verifyForRevocation(token: string): AccessTokenClaims {
    this.#clearCachesAfterKeyRemoval();
    return this.#verifier.verify(token, { ignoreNotBefore: true });
  }

  /**
   * Finds the session of one of this service's tokens for a logout, even if the token has expired.
   * @returns undefined for any other token, and for a client's.
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
      this.#hits += 1;
      if (this.#isInTime(known.claims)) return known;
      this.#verified.delete(token);
      throw createInvalidToken('The access token has expired.');
    }
    this.#misses += 1;
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
    return getEpochSeconds(this.clock) < exp + this.options.leeway;
  }

  /** Cached tokens and headers may be those of a removed key. */
  #clearCachesAfterKeyRemoval(): void {
    if (this.#removals === this.ring.removals) return;
    this.#verified.clear();
    this.#verifier.clearHeaderCache();
    this.#removals = this.ring.removals;
  }
}

function createInvalidToken(detail: string): Problem {
  return new Problem('invalid_token', { detail });
}

function computeJsonLength(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}
