import jwt from 'jsonwebtoken';
import { epochSeconds, type Clock } from '../clock.js';
import { newId } from '../ids.js';
import { Problem } from '../problems/problem.js';
import type { KeyRing } from './key-ring.js';

/** The claims of an access token (RFC 9068 §2.2), and ours: `sid`, `ver`, `fresh` and `pwd_change`. */
export interface AccessTokenClaims {
  readonly iss: string;
  /** The user's id. */
  readonly sub: string;
  readonly aud: string;
  /** Seconds since the Unix epoch, like `iat`, `nbf` and `auth_time`. */
  readonly exp: number;
  readonly iat: number;
  readonly nbf: number;
  /** This token's id. */
  readonly jti: string;
  /** The session's id. */
  readonly sid: string;
  /** The user's version that the token was made at. */
  readonly ver: number;
  readonly client_id: string;
  /** Space-separated permissions (RFC 6749 §3.3). */
  readonly scope: string;
  readonly roles: readonly string[];
  /** When the password was proved. */
  readonly auth_time: number;
  /** Whether the password was proved for this very token rather than for one that it refreshes. */
  readonly fresh: boolean;
  /** Present while the account has a one-time password, which takes its permissions away. */
  readonly pwd_change?: true;
}

/** What an access token is issued for. */
export interface AccessGrant {
  readonly userId: string;
  readonly userVersion: number;
  readonly sessionId: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  /** Milliseconds. */
  readonly authenticatedAt: number;
  readonly fresh: boolean;
  readonly passwordChangeRequired: boolean;
}

interface AccessTokenOptions {
  readonly issuer: string;
  /** Seconds. */
  readonly lifetime: number;
  /** Seconds. */
  readonly leeway: number;
}

/** RFC 9068 §2.1: what keeps any other JWT of ours from passing as an access token. */
const tokenType = 'at+jwt';
/** RFC 9068 demands a client; users who log in here are all clients of the service itself. */
const ownClient = 'latchkey';
/** A token of ours with dozens of permissions has 2 KiB; longer ones are refused before they are parsed. */
const longestToken = 8192;
/**
 * The greatest leeway that can be set, in milliseconds: a revocation that was written under a small leeway
 * still holds when the service comes back with a great one.
 */
const greatestLeeway = 300_000;
/** How long any access token may be accepted, whatever the settings were when it was issued, in milliseconds. */
export const longestAccessToken = 86_400_000 + greatestLeeway;
/** Tokens whose verification is remembered: about 2 KiB each. */
const remembered = 10_000;

/** Issues access tokens, and verifies that one is ours and in its time. Whether it was revoked, `Revocations` knows. */
export class AccessTokens {
  readonly #verified = new Map<string, AccessTokenClaims>();
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

  /** When a token that is issued now is dead for certain, in milliseconds: what a revocation must outlive. */
  expiryOfNext(): number {
    return (epochSeconds(this.clock) + this.options.lifetime) * 1000 + greatestLeeway;
  }

  issue(grant: AccessGrant): string {
    const now = epochSeconds(this.clock);
    const claims: AccessTokenClaims = {
      iss: this.options.issuer,
      sub: grant.userId,
      aud: this.options.issuer,
      exp: now + this.options.lifetime,
      iat: now,
      nbf: now,
      jti: newId(this.clock),
      sid: grant.sessionId,
      ver: grant.userVersion,
      client_id: ownClient,
      scope: grant.permissions.join(' '),
      roles: grant.roles,
      auth_time: Math.floor(grant.authenticatedAt / 1000),
      fresh: grant.fresh,
      ...(grant.passwordChangeRequired && { pwd_change: true }),
    };
    const { privateKey, algorithm, id } = this.ring.signingKey;
    return jwt.sign(claims, privateKey, { algorithm, keyid: id, header: { alg: algorithm, typ: tokenType } });
  }

  /**
   * @returns the token's claims, the same frozen object each time the same token comes.
   * @throws {Problem} `invalid_token`, with a detail that says what is wrong.
   */
  verify(token: string): AccessTokenClaims {
    if (this.#removals !== this.ring.removals) {
      this.#verified.clear();
      this.#removals = this.ring.removals;
    }
    const known = this.#verified.get(token);
    if (known) {
      if (this.#isInTime(known)) return known;
      this.#verified.delete(token);
      throw invalidToken('The access token has expired.');
    }
    const claims = this.#verifyAnew(token);
    if (this.#verified.size >= remembered) {
      this.#verified.delete(this.#verified.keys().next().value ?? token);
    }
    this.#verified.set(token, claims);
    return claims;
  }

  #isInTime({ exp }: AccessTokenClaims): boolean {
    return epochSeconds(this.clock) < exp + this.options.leeway;
  }

  #verifyAnew(token: string): AccessTokenClaims {
    if (token.length > longestToken) throw invalidToken('The access token is too long to be one of ours.');
    const header = decodeHeader(token);
    if (!header) throw invalidToken('The access token is not a JWT.');
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
    try {
      const claims = jwt.verify(token, key.publicKey, {
        algorithms: [key.algorithm],
        issuer: this.options.issuer,
        audience: this.options.issuer,
        clockTolerance: this.options.leeway,
        clockTimestamp: epochSeconds(this.clock),
      });
      if (!isAccessTokenClaims(claims)) throw invalidToken('The access token lacks a claim.');
      Object.freeze(claims.roles);
      return Object.freeze(claims);
    } catch (error) {
      if (error instanceof jwt.TokenExpiredError) throw invalidToken('The access token has expired.');
      if (error instanceof jwt.NotBeforeError) throw invalidToken('The access token is not valid yet.');
      // A signature of another length than the algorithm's is a TypeError to what jsonwebtoken stands on.
      if (error instanceof jwt.JsonWebTokenError || error instanceof TypeError) {
        throw invalidToken(
          /issuer|audience/.test(error.message)
            ? 'The access token was issued by, or for, another service.'
            : 'The access token is malformed, or its signature is wrong.',
          error,
        );
      }
      throw error;
    }
  }
}

function invalidToken(detail: string, cause?: unknown): Problem {
  return new Problem('invalid_token', { detail, cause });
}

/** What nobody has vouched for yet may be of any type. */
type UncheckedHeader = Readonly<Record<keyof jwt.JwtHeader, unknown>>;

function decodeHeader(token: string): UncheckedHeader | undefined {
  try {
    return jwt.decode(token, { complete: true })?.header as UncheckedHeader | undefined;
  } catch {
    // jsonwebtoken gives null for most of what is no JWT, and throws for a header that is no JSON.
    return undefined;
  }
}

function isAccessTokenClaims(claims: unknown): claims is AccessTokenClaims {
  if (typeof claims !== 'object' || claims === null) return false;
  const has = (type: string, ...names: (keyof AccessTokenClaims)[]): boolean =>
    names.every((name) => typeof (claims as Record<string, unknown>)[name] === type);
  return (
    has('string', 'sub', 'jti', 'sid', 'scope') &&
    has('number', 'exp', 'iat', 'ver', 'auth_time') &&
    Array.isArray((claims as { roles?: unknown }).roles)
  );
}
