import type { KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { LRUCache } from 'lru-cache';
import { isSignature, readCompactJws } from '../guard/compact-jws.js';
import { Problem } from '../problems/problem.js';
import { maxTokenLength } from './access-token-size.js';
import { isId } from '../ids.js';
import { isStorableText, isUtf8Payload } from './claim-text.js';

/** A token that a Flask application issued with Flask-JWT-Extended. */
export interface FlaskToken {
  readonly type: 'access' | 'refresh';
  readonly jti: string;
  /** The user's id in that application. */
  readonly subject: string;
  /** Seconds since the Unix epoch; undefined: it never expires. */
  readonly expiresAt: number | undefined;
  readonly issuedAt: number;
}

/** Of an encoded header. */
const maxHeaderLength = 200;
/** Encoded headers → whether they are of that form, which is asked twice a request. Bounded, because anybody can send others. */
const knownHeaders = new LRUCache<string, boolean>({ max: 100 });
/** Bytes of a signature of HS256. */
const signatureLength = 32;
const maxSubjectLength = 255;

/** Whether a token has the form of one, which says nothing about who made it. */
export function hasFlaskHeader(token: string): boolean {
  return isFlaskHeader(token.slice(0, Math.max(0, token.indexOf('.'))));
}

function isFlaskHeader(part: string): boolean {
  if (part.length > maxHeaderLength) return false;
  const known = knownHeaders.get(part);
  if (known !== undefined) return known;
  const isOne = hasPlainMembers(Buffer.from(part, 'base64url').toString());
  knownHeaders.set(part, isOne);
  return isOne;
}

/**
 * Whether a header has the members that PyJWT writes, in any order, and with white space in between as other libraries write it.
 * Any other one is refused: another algorithm or none, a key id (tokens of this service have one), extensions.
 */
function hasPlainMembers(json: string): boolean {
  let header: unknown;
  try {
    header = JSON.parse(json);
  } catch {
    return false; // not JSON
  }
  if (typeof header !== 'object' || header === null) return false;
  const { alg, typ, ...others } = header as Readonly<Record<string, unknown>>;
  // Of a member that is there twice, some parsers take the last and others the first: four texts have eight quotes.
  return alg === 'HS256' && typ === 'JWT' && Object.keys(others).length === 0 && json.split('"').length === 9;
}

interface VerificationTimes {
  /** Seconds since the Unix epoch. */
  readonly now: number;
  /** The tolerance of clocks, in seconds. */
  readonly leeway: number;
  /** Whether a token may be one that is valid later. */
  readonly ignoreNotBefore?: boolean;
}

/**
 * @throws {Problem} `invalid_token`, with a detail that says what is wrong.
 */
export function verifyFlaskToken(
  token: string,
  secret: KeyObject,
  type: FlaskToken['type'],
  { now, leeway, ignoreNotBefore = false }: VerificationTimes,
): FlaskToken {
  const parts = token.length > maxTokenLength ? undefined : readCompactJws(token);
  if (
    !parts ||
    !isFlaskHeader(parts.header) ||
    !isUtf8Payload(parts.payload) ||
    !isSignature(parts.signature, signatureLength)
  ) {
    throw createInvalidToken('The token of the earlier application is malformed.');
  }
  let claims: unknown;
  try {
    claims = jwt.verify(token, secret, {
      algorithms: ['HS256'],
      clockTimestamp: now,
      clockTolerance: leeway,
      ignoreNotBefore,
    });
  } catch (error) {
    if (!(error instanceof jwt.JsonWebTokenError)) throw error;
    throw createInvalidToken(
      error instanceof jwt.TokenExpiredError
        ? 'The token of the earlier application has expired.'
        : 'The token of the earlier application is malformed, or its signature is wrong.',
    );
  }
  return readClaims(
    claims as Readonly<Record<string, unknown>>,
    type,
    ignoreNotBefore ? Infinity : now + leeway,
  );
}

function readClaims(
  { type, jti, sub, exp, iat, fresh }: Readonly<Record<string, unknown>>,
  wanted: FlaskToken['type'],
  latest: number,
): FlaskToken {
  if (type !== wanted) throw createInvalidToken(`This is no ${wanted} token of the earlier application.`);
  const subject = typeof sub === 'number' && Number.isSafeInteger(sub) ? String(sub) : sub;
  if (
    typeof jti !== 'string' ||
    !isId(jti) ||
    typeof subject !== 'string' ||
    subject === '' ||
    subject.length > maxSubjectLength ||
    !isStorableText(subject) ||
    !Number.isSafeInteger(iat) ||
    (exp !== undefined && !Number.isSafeInteger(exp)) ||
    !['boolean', 'number'].includes(typeof fresh)
  ) {
    throw createInvalidToken('The token of the earlier application lacks a claim.');
  }
  if ((iat as number) > latest) {
    throw createInvalidToken('The token of the earlier application was issued in the future.');
  }
  return { type: wanted, jti, subject, expiresAt: exp as number | undefined, issuedAt: iat as number };
}

function createInvalidToken(detail: string): Problem {
  return new Problem('invalid_token', { detail });
}
