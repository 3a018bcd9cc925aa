import { errors, jwtVerify } from 'jose';
import { isClaims, type Claims } from './claims.js';
import { isSignature, readCompactJws, readJwsHeader } from './compact-jws.js';
import type { KeySet } from './key-set.js';
import type { GuardClock } from './latchkey-service.js';
import { Refusal } from './refusal.js';

interface Expected {
  readonly issuer: string;
  readonly audience: readonly string[];
  /** Seconds. */
  readonly leeway: number;
}

/** In characters; longer tokens are refused before they are parsed. A token with dozens of permissions has 2 KiB. */
const maxTokenLength = 8192;
/** Tokens whose verification is cached: one or two KiB each. */
const maxCachedTokens = 10_000;

/** Verifies that a token is one of Latchkey's access tokens, has an accepted audience, and is valid at this time. */
export class AccessTokens {
  readonly #verified = new Map<string, Claims>();
  #keysVersion = 0;

  constructor(
    private readonly keys: KeySet,
    private readonly clock: GuardClock,
    private readonly expected: Expected,
  ) {}

  /**
   * @returns the token's claims: the same frozen object each time for the same token.
   * @throws {Refusal} `invalid_token`, or `not_ready` if the keys cannot be read.
   */
  async verify(token: string): Promise<Claims> {
    if (!this.keys.isFresh) await rejectAsNotReady(this.keys.refresh());
    if (this.#keysVersion !== this.keys.version) {
      this.#verified.clear();
      this.#keysVersion = this.keys.version;
    }
    const known = this.#verified.get(token);
    if (known) {
      if (this.clock.now() < (known.exp + this.expected.leeway) * 1000) return known;
      this.#verified.delete(token);
      throw createInvalidToken('The access token has expired.');
    }
    const claims = await this.#verifyUncached(token);
    if (this.#verified.size >= maxCachedTokens)
      this.#verified.delete(this.#verified.keys().next().value ?? token);
    this.#verified.set(token, claims);
    return claims;
  }

  async #verifyUncached(token: string): Promise<Claims> {
    if (token.length > maxTokenLength)
      throw createInvalidToken('The access token is too long to be one of the service.');
    const parts = readCompactJws(token);
    const header = parts && readJwsHeader(parts.header);
    if (!header) throw createInvalidToken('The access token is not a JWT in its compact form.');
    const { kid, crit, typ } = header;
    const found = typeof kid === 'string' ? await rejectAsNotReady(this.keys.find(kid)) : undefined;
    if (!found) throw createInvalidToken('The access token is not signed with a key of the service.');
    const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : '';
    if (type !== 'at+jwt' && type !== 'jwt') throw createInvalidToken(noAccessToken);
    // RFC 7515 §4.1.11: an unknown critical extension must not be ignored.
    if (crit !== undefined)
      throw createInvalidToken('The access token demands an extension that is not known here.');
    if (!isSignature(parts.signature, found.signatureLength)) throw createInvalidToken(malformed);
    try {
      const { payload } = await jwtVerify(token, found.key, {
        algorithms: [found.algorithm],
        issuer: this.expected.issuer,
        audience: [...this.expected.audience],
        clockTolerance: this.expected.leeway,
        currentDate: new Date(this.clock.now()),
      });
      if (!isClaims(payload)) throw createInvalidToken('The access token lacks a claim.');
      // The service's JWT_ACCESS_TOKEN_TYPE: where the header does not say that it is an access token, a claim does.
      if (type === 'jwt' && payload.token_use !== 'access_token') throw createInvalidToken(noAccessToken);
      return deepFreeze(payload);
    } catch (error) {
      if (error instanceof errors.JOSEError) throw createInvalidToken(describeError(error), error);
      throw error;
    }
  }
}

const noAccessToken = 'This JWT is not an access token.';
const malformed = 'The access token is malformed, or its signature is wrong.';

function describeError(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'The access token has expired.';
  if (error instanceof errors.JWTClaimValidationFailed) {
    switch (error.claim) {
      case 'iss':
        return 'The access token was issued by another service.';
      case 'aud':
        return 'The access token was issued for another service.';
      case 'nbf':
        return 'The access token is not valid yet.';
      default:
        return 'The access token lacks a claim.';
    }
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return 'The access token names another algorithm than that of its key.';
  }
  return malformed;
}

function createInvalidToken(detail: string, cause?: unknown): Refusal {
  return new Refusal('invalid_token', { detail, cause });
}

async function rejectAsNotReady<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new Refusal('not_ready', { cause });
  }
}

/** Deep, because every request with the token gets the same claims. */
function deepFreeze<T extends object>(value: T): T {
  for (const each of Object.values(value) as unknown[]) {
    if (typeof each === 'object' && each !== null) deepFreeze(each);
  }
  return Object.freeze(value);
}
