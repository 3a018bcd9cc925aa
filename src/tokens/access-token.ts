import { randomUUID } from 'node:crypto';
import { epochSeconds, type Clock } from '../clock.js';
import type { Hooks } from '../hooks.js';
import { Problem } from '../problems/problem.js';
import {
  isAccessTokenClaims,
  ownClaims,
  type AccessGrant,
  type AccessTokenClaims,
} from './access-token-claims.js';
import { readBase64url, readJwtPart, readSigned } from './jwt-parts.js';
import { isSignatureOf, signJws } from './jws.js';
import type { KeyRing } from './key-ring.js';
import { LastEntries } from './last-entries.js';
import type { SigningKey } from './signing-keys.js';

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
  /** The word that a token is sent with: `Bearer` (RFC 6750). */
  readonly scheme: string;
  readonly hooks: Pick<Hooks, 'additionalClaims' | 'additionalHeaders'>;
}

interface Verified {
  readonly claims: AccessTokenClaims;
  /** One of its audiences is this service. */
  readonly forUs: boolean;
}

/** RFC 9068 §2.1: what keeps any other JWT of ours from passing as an access token. */
const tokenType = 'at+jwt';
/** What says how a token is to be verified; no hook sets one of these. */
const ownHeaders: ReadonlySet<string> = new Set(['alg', 'kid', 'typ', 'crit', 'b64']);
/** RFC 9068 demands a client; users who log in here are all clients of the service itself. */
export const ownClient = 'latchkey';
/** A token of ours with dozens of permissions has 2 KiB; longer ones are refused before they are parsed. */
const longestToken = 8192;
/**
 * The greatest leeway that can be set, in milliseconds: a revocation that was written under a small leeway
 * still holds when the service comes back with a great one.
 */
export const greatestLeeway = 300_000;
/** How long any access token may be accepted, whatever the settings were when it was issued, in milliseconds. */
export const longestAccessToken = 86_400_000 + greatestLeeway;
/** Tokens whose verification is remembered: one or two KiB each. */
const remembered = 10_000;
/** A hook may give each token a header of its own. */
const rememberedHeaders = 100;

/** Issues access tokens, and verifies that one is ours and in its time. Whether it was revoked, `Revocations` knows. */
export class AccessTokens {
  readonly #verified = new LastEntries<Verified>(remembered);
  /** Keys by the headers that name them, as good tokens have spelled them: most often one for each key. */
  readonly #headers = new LastEntries<SigningKey>(rememberedHeaders);
  #removals = 0;

  constructor(
    private readonly ring: KeyRing,
    private readonly clock: Clock,
    private readonly options: AccessTokenOptions,
  ) {}

  /** Seconds. */
  get lifetime(): number {
    return this.options.lifetime;
  }

  /** Whom a token is for, where its grant does not say. */
  get audience(): readonly string[] {
    return this.options.audience;
  }

  /** The word that a token is sent with, which OAuth calls its `token_type`. */
  get scheme(): string {
    return this.options.scheme;
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
      ...(grant.authenticatedAt !== undefined && { auth_time: Math.floor(grant.authenticatedAt / 1000) }),
      fresh: grant.fresh,
      ...(grant.passwordChangeRequired && { pwd_change: true }),
    };
    const { privateKey, algorithm, id } = this.ring.signingKey;
    const header = {
      ...without(ownHeaders, hooks.additionalHeaders?.(grant)),
      alg: algorithm,
      typ: tokenType,
      kid: id,
    };
    return signJws(header, claims, algorithm, privateKey);
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
    return this.#verifyAnew(token, { ignoreNotBefore: true });
  }

  /**
   * The session of a token that is one of ours, though it may have expired: for a logout, which does no more than it says.
   * @returns undefined for any other token, and for that of a client.
   */
  sessionOf(token: string): string | undefined {
    try {
      return this.#verifyAnew(token, { ignoreExpiry: true }).sid;
    } catch (error) {
      if (error instanceof Problem) return undefined;
      throw error;
    }
  }

  #remember(token: string): Verified {
    this.#forgetRemovedKeys();
    const known = this.#verified.get(token);
    if (known) {
      if (this.#isInTime(known.claims)) return known;
      this.#verified.delete(token);
      throw invalidToken('The access token has expired.');
    }
    const claims = this.#verifyAnew(token);
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
    this.#headers.clear();
    this.#removals = this.ring.removals;
  }

  #verifyAnew(token: string, { ignoreNotBefore = false, ignoreExpiry = false } = {}): AccessTokenClaims {
    if (token.length > longestToken) throw invalidToken('The access token is too long to be one of ours.');
    this.#forgetRemovedKeys();
    const [headerEnd, signedEnd] = [token.indexOf('.'), token.lastIndexOf('.')];
    const header = token.slice(0, headerEnd);
    const knownKey = this.#headers.get(header);
    const key = knownKey ?? this.#keyOf(header);
    const signature = readBase64url(token.slice(signedEnd + 1));
    if (!signature || !isSignatureOf(token.slice(0, signedEnd), signature, key.algorithm, key.publicKey)) {
      throw invalidToken('The access token is malformed, or its signature is wrong.');
    }
    if (!knownKey) this.#headers.set(header, key);
    // Nothing is read that the key has not vouched for.
    const claims = readSigned(token.slice(headerEnd + 1, signedEnd));
    if (!isAccessTokenClaims(claims)) throw invalidToken('The access token lacks a claim.');
    const { leeway, acceptedIssuers } = this.options;
    if (!ignoreNotBefore && claims.nbf !== undefined && claims.nbf > epochSeconds(this.clock) + leeway) {
      throw invalidToken('The access token is not valid yet.');
    }
    if (!ignoreExpiry && !this.#isInTime(claims)) throw invalidToken('The access token has expired.');
    if (!acceptedIssuers.includes(claims.iss)) {
      throw invalidToken('The access token was issued by another service.');
    }
    // A revocation would not outlive it.
    if (claims.exp * 1000 > this.clock.now() + longestAccessToken) {
      throw invalidToken('The access token lives longer than any that is issued here.');
    }
    return freeze(claims);
  }

  /** The key that a token's header names. */
  #keyOf(part: string): SigningKey {
    const header = readJwtPart(part) as UncheckedHeader | null | undefined;
    if (!header || typeof header !== 'object') throw invalidToken('The access token is not a JWT.');
    const key = typeof header.kid === 'string' ? this.ring.signing(header.kid) : undefined;
    if (!key) throw invalidToken('The access token is not signed with a key of this service.');
    // The key says which algorithm there is; what the token says never chooses one.
    if (header.alg !== key.algorithm) {
      throw invalidToken('The access token names another algorithm than that of its key.');
    }
    if (
      typeof header.typ !== 'string' ||
      header.typ.toLowerCase().replace(/^application\//, '') !== tokenType
    ) {
      throw invalidToken('This JWT is not an access token.');
    }
    // RFC 7515 §4.1.11: an extension that we do not know must not be ignored.
    if (header.crit !== undefined)
      throw invalidToken('The access token demands an extension that is not known here.');
    return key;
  }
}

function invalidToken(detail: string): Problem {
  return new Problem('invalid_token', { detail });
}

/** What nobody has vouched for yet may be of any type. */
type UncheckedHeader = Readonly<Partial<Record<'alg' | 'kid' | 'typ' | 'crit', unknown>>>;

function without(
  names: ReadonlySet<string>,
  members: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !names.has(name)));
}

/** All the way down: the same claims are given out to every request with the token. */
function freeze<T extends object>(value: T): T {
  for (const each of Object.values(value) as unknown[]) {
    if (typeof each === 'object' && each !== null) freeze(each);
  }
  return Object.freeze(value);
}
