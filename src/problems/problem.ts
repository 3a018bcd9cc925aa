import type { ProblemDetails } from './problem.models.js';
import { problemCodes, type ProblemCode, type ProblemKind } from './problem-codes.js';

/** Limits the errors of a 422: a response must not be longer than its request. */
export const maxFieldErrors = 100;

export interface ProblemOptions {
  /** What is wrong, for a person. Default: the detail of the code. */
  readonly detail?: string;
  /** With status 422: field → reason. */
  readonly errors?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** What a program needs to go on, such as the `login_token` of a login that waits for the second factor. */
  readonly members?: ProblemMembers;
  /** For the log only; never sent. */
  readonly cause?: unknown;
  /** Whether this is how it should be, such as while the service stops: the log does not mention it. */
  readonly isExpected?: boolean;
}

/** Further members of the body (RFC 9457 §3.2). */
export type ProblemMembers = Pick<ProblemDetails, 'login_token' | 'login_token_expires_in' | 'methods'>;

/** An error that the contract documents. `createProblemHandler` sends it. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly errors: Readonly<Record<string, string>> | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly members: ProblemMembers | undefined;
  readonly isExpected: boolean;

  constructor(code: ProblemCode, options?: ProblemOptions);
  /** @param kind of a code of a project's own; see `defineProblems`. */
  constructor(code: string, options: ProblemOptions, kind: ProblemKind);
  constructor(
    code: string,
    options: ProblemOptions = {},
    kind: ProblemKind = problemCodes[code as ProblemCode],
  ) {
    super(options.detail ?? kind.detail, { cause: options.cause });
    this.code = code;
    this.status = kind.status;
    this.title = kind.title;
    this.errors = options.errors;
    this.headers = options.headers ?? {};
    this.members = options.members;
    this.isExpected = options.isExpected ?? false;
  }
}

/**
 * The body of the response.
 * @param issuer the start of the `type` URIs.
 */
export function toProblemDetails(problem: Problem, issuer: string): ProblemDetails {
  return {
    type: `${issuer}/problems/${problem.code}`,
    title: problem.title,
    status: problem.status,
    detail: problem.message,
    code: problem.code,
    ...(problem.errors && { errors: problem.errors }),
    ...problem.members,
  };
}

/** @throws {Problem} `validation_failed`, for one field. */
export function refuseField(field: string, error: string): never {
  throw new Problem('validation_failed', { errors: { [field]: error } });
}

/** A 429 or 503 with `Retry-After`. @param seconds rounded up to whole seconds, at least 1. */
export function retryLater(
  code: ProblemCode,
  seconds: number,
  options: Omit<ProblemOptions, 'headers'> = {},
): Problem {
  const wait = Math.max(1, Math.ceil(seconds));
  const counted = rateLimitUnits[code];
  return new Problem(code, {
    ...options,
    headers: {
      'Retry-After': String(wait),
      ...(counted && { RateLimit: formatRateLimit(counted, 0, wait) }),
    },
  });
}

/** What the `RateLimit` header of a code counts. */
const rateLimitUnits: Partial<Record<ProblemCode, 'attempts' | 'requests'>> = {
  too_many_attempts: 'attempts',
  too_many_requests: 'requests',
};

/**
 * The `RateLimit` header (draft-ietf-httpapi-ratelimit-headers).
 * @param remaining how many are left.
 * @param seconds until the limit resets.
 */
export function formatRateLimit(
  counted: 'attempts' | 'requests',
  remaining: number,
  seconds: number,
): string {
  return `"${counted}";r=${Math.max(0, remaining)};t=${Math.max(1, Math.ceil(seconds))}`;
}
