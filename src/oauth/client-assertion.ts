import jwt from 'jsonwebtoken';
import { readVerificationKeys } from '../clients/client-keys.js';
import { isSignature, readCompactJws } from '../guard/compact-jws.js';
import { maxLeeway } from '../tokens/access-token-verifier.js';

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
  readonly audience: AssertionAudience;
  /** Seconds since the Unix epoch. */
  readonly now: number;
  /** Seconds. */
  readonly leeway: number;
}

/** What the assertion may call this service by. */
export interface AssertionAudience {
  readonly issuer: string;
  /**
   * `issuer`: by the issuer alone, so that no other service can have it signed for its own and use it here
   * (draft-ietf-oauth-rfc7523bis §4). `rfc7523`: by the issuer or the token endpoint, and others beside it (RFC 7523 §3).
   */
  readonly form: 'issuer' | 'rfc7523';
}

/** An assertion proves nothing; the message is for the client. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';

  /** @param refusedKeys why keys of the client are not used that it may be signed with. */
  constructor(
    message: string,
    readonly refusedKeys: readonly string[] = [],
  ) {
    super(message);
  }
}

/**
 * How long an assertion may live, in seconds: for as long it has to be remembered. Some clients (Authlib) give theirs an
 * hour; the minute is for clocks that differ.
 */
const maxAssertionLifetime = 3660;
const maxAssertionLength = 8192;
/**
 * What a `typ` may say: nothing, that it is a JWT, or what it is for (draft-ietf-oauth-rfc7523bis §4). Any other says that
 * the client signed it for something else.
 */
const assertionTypes: readonly unknown[] = [undefined, 'jwt', 'client-authentication+jwt'];

/** The client that an assertion says it is of. Nothing is verified. */
export function readAssertedClientId(assertion: string): string | undefined {
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
  if (exp > expected.now + maxAssertionLifetime + expected.leeway) {
    throw new AssertionError('The assertion lives longer than an hour from now.');
  }
  if (typeof jti !== 'string' || jti === '') throw new AssertionError('The assertion has no jti.');
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
  // RFC 7515 §4.1.11: an extension that we do not know must not be ignored.
  if (crit !== undefined)
    throw new AssertionError('The assertion demands an extension that is not known here.');
  if (
    !assertionTypes.includes(typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ)
  ) {
    throw new AssertionError(
      'The assertion has a typ for something else: leave it out, or let it be client-authentication+jwt.',
    );
  }
  // The client's key says which algorithms there are; what the assertion says chooses among them at most.
  const { keys, refused } = readVerificationKeys(jwks, typeof kid === 'string' ? kid : undefined);
  const fitting = keys.filter(({ algorithms }) => algorithms.some((each) => each === alg));
  const signature = readCompactJws(assertion)?.signature;
  if (signature === undefined) throw new AssertionError('The assertion is not a JWT in its compact form.');
  let fault = ['The assertion is not signed with a registered key of the client.', ...refused].join(' ');
  for (const { publicKey, algorithms, signatureLength } of fitting) {
    if (!isSignature(signature, signatureLength)) continue;
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
        fault = `The assertion is refused: ${error.message}.`;
    }
  }
  throw new AssertionError(fault, refused);
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
    // jsonwebtoken gives null for most of what is no JWT, and throws for a header that is no JSON.
    return null;
  }
}
