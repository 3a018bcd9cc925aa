import { LRUCache } from 'lru-cache';
import jwt from 'jsonwebtoken';
import { epochSeconds, type Clock } from '../clock.js';
import { isSignature, readCompactJws, readJwsHeader } from '../guard/compact-jws.js';
import { Problem } from '../problems/problem.js';
import { accessTokenUse, isAccessTokenClaims, type AccessTokenClaims } from './access-token-claims.js';
import { maxTokenLength } from './access-token-size.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { SigningKey } from '../keys/signing-keys.js';

/**
 * The greatest leeway that can be set, in milliseconds: a revocation that was written under a small leeway
 * still holds when the service comes back with a great one.
 */
export const maxLeeway = 300_000;
/** How long any access token may be accepted, whatever the settings were when it was issued, in milliseconds. */
export const maxAccessTokenLifetime = 86_400_000 + maxLeeway;
/**
 * By how much what is kept because of a session's access token outlives its `exp`, in milliseconds: beside the leeway a minute,
 * as it is written before the token is made.
 */
export const retentionAfterExpiry = maxLeeway + 60_000;
/** A hook may give each token a header of its own. */
const maxCachedHeaders = 100;

interface VerifierOptions {
  /** Issuers whose tokens are accepted. */
  readonly acceptedIssuers: readonly string[];
  /** Seconds. */
  readonly leeway: number;
}

/** For what is to end anyway. */
interface IgnoredTimes {
  readonly ignoreNotBefore?: boolean;
  readonly ignoreExpiration?: boolean;
}

/** What is known of a header that names a key of the service. */
interface KnownHeader {
  readonly key: SigningKey;
  /** Whether it says itself that the token is an access token (RFC 9068 §2.1); else the claims have to. */
  readonly isTyped: boolean;
}

/**
 * Verifies that a token is an access token of this service and valid at this time. The signature, the times and the issuer are
 * jsonwebtoken's to check. What it does not check is checked here: before it the length, the one spelling, the key by its
 * id, what the header says beside, and the length of the signature; after it the types of the claims.
 */
export class AccessTokenVerifier {
  /** By the headers as good tokens have spelled them: most often one for each key. */
  readonly #headers = new LRUCache<string, KnownHeader>({ max: maxCachedHeaders });

  constructor(
    private readonly ring: KeyRing,
    private readonly clock: Clock,
    private readonly options: VerifierOptions,
  ) {}

  /** What is known of a header is known by its key: to be called when one was taken away. */
  clearHeaderCache(): void {
    this.#headers.clear();
  }

  /**
   * @returns the token's claims, frozen.
   * @throws {Problem} `invalid_token`, with a detail that says what is wrong.
   */
  verify(token: string, ignoredTimes: IgnoredTimes = {}): AccessTokenClaims {
    if (token.length > maxTokenLength)
      throw invalidToken('The access token is too long: longer than any that this service issues.');
    const parts = readCompactJws(token);
    if (!parts) throw invalidToken('The access token is not a JWT in its compact form.');
    const known = this.#headers.get(parts.header);
    const header = known ?? this.#readHeader(parts.header);
    const { key, isTyped } = header;
    if (!isSignature(parts.signature, key.signatureLength)) throw invalidToken(malformed);
    const claims = this.#verifySignature(token, key, ignoredTimes);
    if (!known) this.#headers.set(parts.header, header);
    if (!isAccessTokenClaims(claims)) throw invalidToken(claimMissing);
    // Whatever else the service's keys may have signed says that it is something else, or nothing.
    if (!isTyped && claims.token_use !== accessTokenUse) throw invalidToken(noAccessToken);
    // A revocation would not outlive it.
    if (claims.exp * 1000 > this.clock.now() + maxAccessTokenLifetime) {
      throw invalidToken('The access token lives longer than any that is issued here.');
    }
    return deepFreeze(claims);
  }

  /** Finds the key that a token's header names. */
  #readHeader(part: string): KnownHeader {
    const header = readJwsHeader(part);
    if (!header) throw invalidToken('The access token is not a JWT.');
    const { kid, alg, typ, crit } = header;
    const key = typeof kid === 'string' ? this.ring.findSigningKey(kid) : undefined;
    if (!key) throw invalidToken('The access token is not signed with a key of this service.');
    // The key says which algorithm there is; what the token says never chooses one.
    if (alg !== key.algorithm) {
      throw invalidToken('The access token names another algorithm than that of its key.');
    }
    const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : '';
    if (type !== 'at+jwt' && type !== 'jwt') throw invalidToken(noAccessToken);
    // RFC 7515 §4.1.11: an extension that we do not know must not be ignored.
    if (crit !== undefined) {
      throw invalidToken('The access token demands an extension that is not known here.');
    }
    return { key, isTyped: type === 'at+jwt' };
  }

  #verifySignature(token: string, key: SigningKey, ignoring: IgnoredTimes): unknown {
    try {
      return jwt.verify(token, key.publicKey, {
        algorithms: [key.algorithm],
        issuer: [...this.options.acceptedIssuers] as [string, ...string[]],
        ...ignoring,
        clockTimestamp: epochSeconds(this.clock),
        clockTolerance: this.options.leeway,
      });
    } catch (error) {
      if (error instanceof jwt.JsonWebTokenError) throw invalidToken(describeError(error), error);
      throw error;
    }
  }
}

const malformed = 'The access token is malformed, or its signature is wrong.';
const noAccessToken = 'This JWT is not an access token.';
const claimMissing = 'The access token lacks a claim.';

/** jsonwebtoken tells some of what is wrong by the class of its errors, and the rest by their messages. */
function describeError(error: jwt.JsonWebTokenError): string {
  if (error instanceof jwt.TokenExpiredError) return 'The access token has expired.';
  if (error instanceof jwt.NotBeforeError) return 'The access token is not valid yet.';
  if (error.message.startsWith('jwt issuer')) return 'The access token was issued by another service.';
  return /^invalid (exp|nbf) value/.test(error.message) ? claimMissing : malformed;
}

function invalidToken(detail: string, cause?: unknown): Problem {
  return new Problem('invalid_token', { detail, cause });
}

/** All the way down: the same claims are given out to every request with the token. */
function deepFreeze<T extends object>(value: T): T {
  for (const each of Object.values(value) as unknown[]) {
    if (typeof each === 'object' && each !== null) deepFreeze(each);
  }
  return Object.freeze(value);
}
