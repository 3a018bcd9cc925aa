import jwt from 'jsonwebtoken';
import { readVerificationKeys } from '../clients/client-keys.js';
import { isSignature, readCompactJws } from '../guard/compact-jws.js';
import { maxLeeway } from '../tokens/access-token-verifier.js';
import { isStorableText, isUtf8Payload } from '../tokens/claim-text.js';

/** A verified assertion. */
export interface ClientAssertion {
  readonly jti: string;
  /** Until when its `jti` must be remembered, in milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

interface Expectation {
  readonly clientId: string;
  /** The client's public keys, a JWK Set as JSON. */
  readonly jwks: string;
  readonly audience: AssertionAudience;
  /** Seconds since the Unix epoch. */
  readonly now: number;
  /** Seconds. */
  readonly leeway: number;
}

/** The accepted `aud` of assertions. */
export interface AssertionAudience {
  readonly issuer: string;
  /**
   * `issuer`: the issuer alone, so that no other service can use an assertion that it received
   * (draft-ietf-oauth-rfc7523bis §4). `rfc7523`: the issuer or the token endpoint, possibly with others (RFC 7523 §3).
   */
  readonly form: 'issuer' | 'rfc7523';
}

/** The assertion is not valid. The message is sent to the client. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';

  /** @param refusedKeys why keys that may have signed it were not used. */
  constructor(
    message: string,
    readonly refusedKeys: readonly string[] = [],
  ) {
    super(message);
  }
}

/**
 * Seconds, for which each assertion has to be remembered. Some clients (Authlib) use an hour; the extra minute is for
 * differing clocks.
 */
const maxAssertionLifetime = 3660;
const maxAssertionLength = 8192;
/**
 * The accepted `typ`: absent, JWT, or the purpose (draft-ietf-oauth-rfc7523bis §4). With any other, the client signed it for
 * another purpose.
 */
const assertionTypes: readonly unknown[] = [undefined, 'jwt', 'client-authentication+jwt'];

/** The client id in an assertion, without verification. */
export function readAssertedClientId(assertion: string): string | undefined {
  // Unverified, so it may have any type.
  const payload = decode(assertion)?.payload as { readonly sub?: unknown } | string | null | undefined;
  return typeof payload === 'object' && typeof payload?.sub === 'string' ? payload.sub : undefined;
}

/**
 * Verifies a client's assertion (RFC 7523 §3). The caller must check that it was not used before.
 * @throws {AssertionError}
 */
export function verifyAssertion(assertion: string, expected: Expectation): ClientAssertion {
  const claims = verifySignature(assertion, expected);
  const { exp, jti } = claims;
  if (typeof exp !== 'number') throw new AssertionError('The assertion has no exp.');
  if (exp > expected.now + maxAssertionLifetime + expected.leeway) {
    throw new AssertionError('The assertion expires more than an hour from now.');
  }
  if (typeof jti !== 'string' || jti === '') throw new AssertionError('The assertion has no jti.');
  if (!isStorableText(jti)) {
    throw new AssertionError(
      "The assertion's jti must be well-formed Unicode without control characters, such as a UUID.",
    );
  }
  // Remembered for the greatest leeway: a restart may raise it.
  return { jti, expiresAt: Math.ceil(exp) * 1000 + maxLeeway };
}

function verifySignature(
  assertion: string,
  { clientId, jwks, audience, now, leeway }: Expectation,
): jwt.JwtPayload {
  const header = decode(assertion)?.header as Readonly<Record<string, unknown>> | undefined;
  if (!header) throw new AssertionError('The assertion is not a JWT.');
  const { kid, alg, crit, typ } = header;
  // RFC 7515 §4.1.11: unknown critical extensions must not be ignored.
  if (crit !== undefined)
    throw new AssertionError('The assertion has a crit extension, which is not supported.');
  if (
    !assertionTypes.includes(typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ)
  ) {
    throw new AssertionError('The assertion has another typ: omit it, or use client-authentication+jwt.');
  }
  // The client's keys determine the algorithms; the assertion's alg only chooses among them.
  const { keys, refused } = readVerificationKeys(jwks, typeof kid === 'string' ? kid : undefined);
  const candidates = keys.filter(({ algorithms }) => algorithms.some((each) => each === alg));
  const parts = readCompactJws(assertion);
  if (!parts || !isUtf8Payload(parts.payload)) {
    throw new AssertionError('The assertion is not a JWT in its compact form, of UTF-8.');
  }
  let message = ['The assertion is not signed with a registered key of the client.', ...refused].join(' ');
  for (const { publicKey, algorithms, signatureLength } of candidates) {
    if (!isSignature(parts.signature, signatureLength)) continue;
    try {
      const claims = jwt.verify(assertion, publicKey, {
        algorithms: [...algorithms],
        issuer: clientId,
        subject: clientId,
        clockTimestamp: now,
        clockTolerance: leeway,
      });
      if (typeof claims !== 'object') throw new AssertionError('The assertion has no claims.');
      requireAudience(claims.aud, audience);
      return claims;
    } catch (error) {
      if (!(error instanceof jwt.JsonWebTokenError)) throw error;
      if (!/signature|jwt malformed/.test(error.message))
        message = `The assertion is refused: ${error.message}.`;
    }
  }
  throw new AssertionError(message, refused);
}

/** @throws {AssertionError} */
function requireAudience(aud: unknown, { issuer, form }: AssertionAudience): void {
  const named: readonly unknown[] = [aud].flat();
  const isAccepted =
    form === 'issuer'
      ? named.length === 1 && named[0] === issuer
      : named.includes(issuer) || named.includes(`${issuer}/oauth/token`);
  if (isAccepted) return;
  const beside = form === 'issuer' ? 'its issuer, and nothing else' : 'its issuer or its token endpoint';
  throw new AssertionError(`The assertion is for another service: aud must be ${beside}: ${issuer}.`);
}

function decode(assertion: string): jwt.Jwt | null {
  if (assertion.length > maxAssertionLength) return null;
  try {
    return jwt.decode(assertion, { complete: true });
  } catch {
    // jsonwebtoken returns null for most malformed tokens, but throws for a header that is not JSON.
    return null;
  }
}
