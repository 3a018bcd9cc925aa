import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { epochSeconds, type Clock } from '../clock.js';
import type { Hooks } from '../hooks.js';
import { Problem } from '../problems/problem.js';
import { ownClaims, type AccessGrant, type AccessTokenClaims } from './access-token-claims.js';
import { AccessTokenVerifier, greatestLeeway, tokenType } from './access-token-verifier.js';
import type { KeyRing } from './key-ring.js';
import { LastEntries } from './last-entries.js';

export interface AccessTokenOptions {
  readonly issuer: string;
  /** Issuers whose tokens are accepted. */
  readonly acceptedIssuers: readonly string[];
  /** Whom a token is for, where its grant does not say. */
  readonly audience: readonly string[];
  /** The audiences that this service's own protected operations answer to. */
  readonly acceptedAudiences: readonly string[];
  /** Seconds. */
  readonly lifetime: number;
  /** Seconds. */
  readonly leeway: number;
  /** Whether tokens say from when they are valid. */
  readonly notBefore: boolean;
  readonly hooks: Pick<Hooks, 'additionalClaims' | 'additionalHeaders'>;
}

interface Verified {
  readonly claims: AccessTokenClaims;
  /** One of its audiences is this service. */
  readonly forUs: boolean;
}

/** What says how a token is to be verified; no hook sets one of these. */
const ownHeaders: ReadonlySet<string> = new Set(['alg', 'kid', 'typ', 'crit', 'b64']);
/** RFC 9068 demands a client; users who log in here are all clients of the service itself. */
export const ownClient = 'latchkey';
/** Tokens whose verification is remembered: one or two KiB each. */
const remembered = 10_000;

/** Issues access tokens, and verifies that one is ours and in its time. Whether it was revoked, `Revocations` knows. */
export class AccessTokens {
  readonly #verified = new LastEntries<Verified>(remembered);
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

  /** Whom a token is for, where its grant does not say. */
  get audience(): readonly string[] {
    return this.options.audience;
  }

  /** When a token is dead for certain, in milliseconds: what its revocation must outlive. */
  expiryOf({ exp }: AccessTokenClaims): number {
    return exp * 1000 + greatestLeeway;
  }

  /**
   * When a token that is issued now is dead for certain, in milliseconds: what a revocation must outlive.
   * @param lifetime seconds; undefined: as the settings say.
   */
  expiryOfNext(lifetime = this.options.lifetime): number {
    return (epochSeconds(this.clock) + lifetime) * 1000 + greatestLeeway;
  }

  issue(grant: AccessGrant): string {
    const { issuer, lifetime, notBefore, hooks } = this.options;
    const now = epochSeconds(this.clock);
    const audience = grant.audience ?? this.options.audience;
    const claims: AccessTokenClaims = {
      ...without(ownClaims, hooks.additionalClaims?.(grant)),
      iss: issuer,
      sub: grant.subject,
      aud: audience.length === 1 ? (audience[0] ?? issuer) : audience,
      exp: now + (grant.lifetime ?? lifetime),
      iat: now,
      ...(notBefore && { nbf: now }),
      jti: randomUUID(),
      ...(grant.sessionId !== undefined && { sid: grant.sessionId }),
      ver: grant.version,
      client_id: grant.clientId ?? ownClient,
      scope: grant.permissions.join(' '),
      roles: grant.roles,
      ...(grant.rolesVersion !== undefined && { roles_ver: grant.rolesVersion }),
      ...(grant.authenticatedAt !== undefined && { auth_time: Math.floor(grant.authenticatedAt / 1000) }),
      fresh: grant.fresh,
      ...(grant.passwordChangeRequired && { pwd_change: true }),
    };
    const { privateKey, algorithm, id } = this.ring.signingKey;
    const header = {
      ...inUtf8(without(ownHeaders, hooks.additionalHeaders?.(grant))),
      alg: algorithm,
      typ: tokenType,
      kid: id,
    };
    return jwt.sign(claims, privateKey, { algorithm, header });
  }

  /**
   * Verifies a token that is shown to this service's own operations.
   * @returns the token's claims, the same frozen object each time the same token comes.
   * @throws {Problem} `invalid_token`, with a detail that says what is wrong.
   */
  verify(token: string): AccessTokenClaims {
    const { claims, forUs } = this.#remember(token);
    if (!forUs) throw invalidToken('The access token was issued for another service.');
    return claims;
  }

  /** The same for a token that another service has been shown: whatever its audience, it is one of ours. */
  verifyForAny(token: string): AccessTokenClaims {
    return this.#remember(token).claims;
  }

  /** The same for a token that is to be revoked: it may have been issued by a clock that is ahead of this one. */
  verifyForRevocation(token: string): AccessTokenClaims {
    this.#forgetRemovedKeys();
    return this.#verifier.verify(token, { ignoreNotBefore: true });
  }

  #remember(token: string): Verified {
    this.#forgetRemovedKeys();
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
      forUs: audience.some((each) => this.options.acceptedAudiences.includes(each)),
    };
    this.#verified.set(token, verified);
    return verified;
  }

  #isInTime({ exp }: AccessTokenClaims): boolean {
    return epochSeconds(this.clock) < exp + this.options.leeway;
  }

  /** What is known of a token, or of a header, is known by its key. */
  #forgetRemovedKeys(): void {
    if (this.#removals === this.ring.removals) return;
    this.#verified.clear();
    this.#verifier.forgetHeaders();
    this.#removals = this.ring.removals;
  }
}

function invalidToken(detail: string): Problem {
  return new Problem('invalid_token', { detail });
}

function without(
  names: ReadonlySet<string>,
  members: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !names.has(name)));
}

/**
 * The same members, each character by the bytes of its UTF-8: jsonwebtoken writes the lower byte of each into the header,
 * where RFC 7515 §2 has UTF-8.
 */
function inUtf8(members: Record<string, unknown>): Record<string, unknown> {
  const text = JSON.stringify(members);
  return text === '{}' ? members : (JSON.parse(Buffer.from(text).toString('latin1')) as typeof members);
}
