import { problemCodes, type ProblemCode } from './problem-codes.js';

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

/** A 429 or 503 that says when to come back. `seconds` is rounded up, and is one at least. */
export function retryLater(
  code: ProblemCode,
  seconds: number,
  options: Omit<ProblemOptions, 'headers'> = {},
): Problem {
  return new Problem(code, {
    ...options,
    headers: { 'Retry-After': String(Math.max(1, Math.ceil(seconds))) },
  });
}
