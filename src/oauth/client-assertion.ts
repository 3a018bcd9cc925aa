import type jsonwebtoken from 'jsonwebtoken';
import { verificationKeys } from '../clients/client-keys.js';
import { lazily } from '../lazily.js';
import { greatestLeeway } from '../tokens/access-token.js';

const jwt = lazily('jsonwebtoken') as () => typeof jsonwebtoken;

/** An assertion that its client has signed, and that is in its time. */
export interface ClientAssertion {
  readonly jti: string;
  /** Until when it would be accepted, in milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

interface Expectation {
  readonly clientId: string;
  /** The client's public keys, a JWK Set as JSON. */
  readonly jwks: string;
  /** The names that the assertion may call this service by. */
  readonly audiences: readonly [string, ...string[]];
  /** Seconds since the Unix epoch. */
  readonly now: number;
  /** Seconds. */
  readonly leeway: number;
}

/** An assertion proves nothing; the message is for the client. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/**
 * How long an assertion may live, in seconds: for as long it has to be remembered. Some clients (Authlib) give theirs an
 * hour; the minute is for clocks that differ.
 */
const longestLife = 3660;
const longestAssertion = 8192;

/** The client that an assertion says it is of. Nothing is verified. */
export function assertedClient(assertion: string): string | undefined {
  // What nobody has vouched for yet may be of any type.
  const payload = decode(assertion)?.payload as { readonly sub?: unknown } | string | null | undefined;
  return typeof payload === 'object' && typeof payload?.sub === 'string' ? payload.sub : undefined;
}

/**
 * Verifies a client's assertion (RFC 7523 §3). Whether it was used before, the caller must know.
 * @throws {AssertionError}
 */
export function verifyAssertion(assertion: string, expected: Expectation): ClientAssertion {
  const claims = verifySignature(assertion, expected);
  const { exp, jti } = claims;
  if (typeof exp !== 'number') throw new AssertionError('The assertion has no exp.');
  if (exp > expected.now + longestLife + expected.leeway) {
    throw new AssertionError('The assertion lives longer than an hour from now.');
  }
  if (typeof jti !== 'string' || jti === '') throw new AssertionError('The assertion has no jti.');
  // Remembered for the greatest leeway: a restart may raise it.
  return { jti, expiresAt: Math.ceil(exp) * 1000 + greatestLeeway };
}

function verifySignature(
  assertion: string,
  { clientId, jwks, audiences, now, leeway }: Expectation,
): jsonwebtoken.JwtPayload {
  const header = decode(assertion)?.header as Readonly<Record<string, unknown>> | undefined;
  if (!header) throw new AssertionError('The assertion is not a JWT.');
  const { kid, alg, crit } = header;
  // RFC 7515 §4.1.11: an extension that we do not know must not be ignored.
  if (crit !== undefined)
    throw new AssertionError('The assertion demands an extension that is not known here.');
  // The client's key says which algorithms there are; what the assertion says chooses among them at most.
  const keys = verificationKeys(jwks, typeof kid === 'string' ? kid : undefined).filter(({ algorithms }) =>
    algorithms.some((each) => each === alg),
  );
  let fault = 'The assertion is not signed with a registered key of the client.';
  for (const { publicKey, algorithms } of keys) {
    try {
      const claims = jwt().verify(assertion, publicKey, {
        algorithms: [...algorithms],
        issuer: clientId,
        subject: clientId,
        audience: [...audiences],
        clockTimestamp: now,
        clockTolerance: leeway,
      });
      if (typeof claims === 'object') return claims;
    } catch (error) {
      // A signature of another length than the algorithm's is a TypeError to what jsonwebtoken stands on.
      if (!(error instanceof jwt().JsonWebTokenError || error instanceof TypeError)) throw error;
      if (!/signature|jwt malformed/.test(error.message))
        fault = `The assertion is refused: ${error.message}.`;
    }
  }
  throw new AssertionError(fault);
}

function decode(assertion: string): jsonwebtoken.Jwt | null {
  if (assertion.length > longestAssertion) return null;
  try {
    return jwt().decode(assertion, { complete: true });
  } catch {
    // jsonwebtoken gives null for most of what is no JWT, and throws for a header that is no JSON.
    return null;
  }
}
