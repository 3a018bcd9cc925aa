import type { ProblemDetails } from './problem.models.js';
import { problemCodes, type ProblemCode } from './problem-codes.js';

/** How many fields a 422 names at most: an answer is not to be longer than what it answers. */
export const maxFieldErrors = 100;

interface ProblemOptions {
  /** What is wrong, for a person; the code's own detail where it is left out. */
  readonly detail?: string;
  /** On 422: field → what is wrong with it. */
  readonly errors?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** For the log only; never sent. */
  readonly cause?: unknown;
}

/** A refusal that has a place in the contract. Whoever throws one chooses its code; the HTTP layer writes it. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly status: number;
  readonly title: string;
  readonly errors: Readonly<Record<string, string>> | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    const kind = problemCodes[code];
    super(options.detail ?? kind.detail, { cause: options.cause });
    this.code = code;
    this.status = kind.status;
    this.title = kind.title;
    this.errors = options.errors;
    this.headers = options.headers ?? {};
  }
}

/**
 * The problem as it is sent.
 * @param issuer what the types' URIs begin with.
 */
export function problemDetails(problem: Problem, issuer: string): ProblemDetails {
  return {
    type: `${issuer}/problems/${problem.code}`,
    title: problem.title,
    status: problem.status,
    detail: problem.message,
    code: problem.code,
    ...(problem.errors && { errors: problem.errors }),
  };
}

/** A 429 or 503 that says when to come back. `seconds` is rounded up, and is one at least. */
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

/** What is counted where one waits for it. */
const rateLimitUnits: Partial<Record<ProblemCode, 'attempts' | 'requests'>> = {
  too_many_attempts: 'attempts',
  too_many_requests: 'requests',
};

/**
 * The `RateLimit` header (draft-ietf-httpapi-ratelimit-headers).
 * @param remaining how many are left.
 * @param seconds until the count begins anew.
 */
export function formatRateLimit(
  counted: 'attempts' | 'requests',
  remaining: number,
  seconds: number,
): string {
  return `"${counted}";r=${Math.max(0, remaining)};t=${Math.max(1, Math.ceil(seconds))}`;
}
