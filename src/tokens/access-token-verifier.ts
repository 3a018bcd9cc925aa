import { LRUCache } from 'lru-cache';
import jwt from 'jsonwebtoken';
import { getEpochSeconds, type Clock } from '../clock.js';
import { isSignature, readCompactJws, readJwsHeader } from '../guard/compact-jws.js';
import { Problem } from '../problems/problem.js';
import { accessTokenUse, isAccessTokenClaims, type AccessTokenClaims } from './access-token-claims.js';
import { maxTokenLength } from './access-token-size.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { SigningKey } from '../keys/signing-keys.js';

/**
 * The maximum of `JWT_DECODE_LEEWAY`, in milliseconds. Revocations are kept for that long, so that they still apply when
 * the setting is raised.
 */
export const maxLeeway = 300_000;
/** Maximum time for which an access token is accepted, whatever the settings were when it was issued, in milliseconds. */
export const maxAccessTokenLifetime = 86_400_000 + maxLeeway;
/**
 * How long a session or revocation is kept after the `exp` of its access token, in milliseconds: the leeway, and a minute
 * because the row is written before the token is issued.
 */
export const retentionAfterExpiry = maxLeeway + 60_000;
/** Bounded, because a hook may give each token a different header. */
const maxCachedHeaders = 100;

interface VerifierOptions {
  /** Issuers whose tokens are accepted. */
  readonly acceptedIssuers: readonly string[];
  /** Seconds. */
  readonly leeway: number;
}

/** For logout and revocation, which also accept tokens that are not valid at this time. */
interface IgnoredTimes {
  readonly ignoreNotBefore?: boolean;
  readonly ignoreExpiration?: boolean;
}

/** A verified token's header, parsed. */
interface KnownHeader {
  readonly key: SigningKey;
  /** Whether its `typ` is `at+jwt` (RFC 9068 §2.1); otherwise the claim `token_use` must identify the token. */
  readonly isTyped: boolean;
}

/**
 * Verifies that a token is an access token of this service and valid at this time. jsonwebtoken checks the signature, the
 * times and the issuer. This class checks the rest: first the length, the canonical encoding, the header's members, the
 * key by its id and the length of the signature; afterwards the types of the claims.
 */
export class AccessTokenVerifier {
  /** Encoded headers of verified tokens → the parsed ones; usually one for each key. */
  readonly #headers = new LRUCache<string, KnownHeader>({ max: maxCachedHeaders });

  constructor(
    private readonly ring: KeyRing,
    private readonly clock: Clock,
    private readonly options: VerifierOptions,
  ) {}

  /** To be called when a key was removed. */
  clearHeaderCache(): void {
    this.#headers.clear();
  }

  /**
   * @returns the token's claims, frozen.
   * @throws {Problem} `invalid_token`, with a detail that says what is wrong.
   */
  verify(token: string, ignoredTimes: IgnoredTimes = {}): AccessTokenClaims {
    if (token.length > maxTokenLength)
      throw createInvalidToken('The access token is too long: longer than any that this service issues.');
    const parts = readCompactJws(token);
    if (!parts) throw createInvalidToken('The access token is not a JWT in its compact form.');
    const known = this.#headers.get(parts.header);
    const header = known ?? this.#readHeader(parts.header);
    const { key, isTyped } = header;
    if (!isSignature(parts.signature, key.signatureLength)) throw createInvalidToken(malformed);
    const claims = this.#verifySignature(token, key, ignoredTimes);
    if (!known) this.#headers.set(parts.header, header);
    if (!isAccessTokenClaims(claims)) throw createInvalidToken(claimMissing);
    // Other JWTs that are signed with the same key have another use, or none.
    if (!isTyped && claims.token_use !== accessTokenUse) throw createInvalidToken(noAccessToken);
    // A revocation is not kept for longer.
    if (claims.exp * 1000 > this.clock.now() + maxAccessTokenLifetime) {
      throw createInvalidToken('The access token lives longer than any that is issued here.');
    }
    return deepFreeze(claims);
  }

  /** Finds the key that a token's header names. */
  #readHeader(part: string): KnownHeader {
    const header = readJwsHeader(part);
    if (!header)
      throw createInvalidToken('The header of the access token is not one that this service writes.');
    const { kid, alg, typ, crit } = header;
    const key = typeof kid === 'string' ? this.ring.findSigningKey(kid) : undefined;
    if (!key) throw createInvalidToken('The access token is not signed with a key of this service.');
    // The key determines the algorithm, never the token (RFC 8725 §3.1).
    if (alg !== key.algorithm) {
      throw createInvalidToken('The access token names another algorithm than that of its key.');
    }
    const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : '';
    if (type !== 'at+jwt' && type !== 'jwt') throw createInvalidToken(noAccessToken);
    // RFC 7515 §4.1.11: an unknown critical extension must not be ignored.
    if (crit !== undefined) {
      throw createInvalidToken('The access token demands an extension that is not known here.');
    }
    return { key, isTyped: type === 'at+jwt' };
  }

  #verifySignature(token: string, key: SigningKey, ignoring: IgnoredTimes): unknown {
    try {
      return jwt.verify(token, key.publicKey, {
        algorithms: [key.algorithm],
        issuer: [...this.options.acceptedIssuers] as [string, ...string[]],
        ...ignoring,
        clockTimestamp: getEpochSeconds(this.clock),
        clockTolerance: this.options.leeway,
      });
    } catch (error) {
      if (error instanceof jwt.JsonWebTokenError) throw createInvalidToken(describeError(error), error);
      throw error;
    }
  }
}

const malformed = 'The access token is malformed, or its signature is wrong.';
const noAccessToken = 'This JWT is not an access token.';
const claimMissing = 'The access token lacks a claim.';

/** jsonwebtoken distinguishes some errors by their class, and the others by their message alone. */
function describeError(error: jwt.JsonWebTokenError): string {
  if (error instanceof jwt.TokenExpiredError) return 'The access token has expired.';
  if (error instanceof jwt.NotBeforeError) return 'The access token is not valid yet.';
  if (error.message.startsWith('jwt issuer')) return 'The access token was issued by another service.';
  return /^invalid (exp|nbf) value/.test(error.message) ? claimMissing : malformed;
}

function createInvalidToken(detail: string, cause?: unknown): Problem {
  return new Problem('invalid_token', { detail, cause });
}

/** Deep, because every request with the token gets the same claims. */
function deepFreeze<T extends object>(value: T): T {
  for (const each of Object.values(value) as unknown[]) {
    if (typeof each === 'object' && each !== null) deepFreeze(each);
  }
  return Object.freeze(value);
}
