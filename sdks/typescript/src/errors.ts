import type { FieldErrors, OAuthErrorCode, ProblemCode, ProblemDetails } from '../generated/schema.js';

/** What the service refused, and why: its problem body (RFC 9457) as an error. */
interface RefusalOf<Code extends ProblemCode> extends Error {
  readonly name: 'LatchkeyError';
  /** The kind of problem for programs: one of the closed list in the contract. */
  readonly code: Code;
  /** The HTTP status. */
  readonly status: number;
  /** The kind of problem in a few words. */
  readonly title: string;
  /** What was wrong, and what to do about it; `message` is the same. */
  readonly detail: string;
  /** A URI that names the kind of problem. */
  readonly type: string;
  /** For `validation_failed`: each field that was refused, with the reason. */
  readonly errors: Code extends 'validation_failed' ? FieldErrors : undefined;
  /** `X-Request-Id`: under it the service's log has the cause. */
  readonly requestId: string | undefined;
  /** Seconds to wait before the next try, where the service says so. */
  readonly retryAfter: number | undefined;
}

/**
 * The service refused a request. `code` discriminates: `switch (error.code)` knows the closed list, and in
 * `case 'validation_failed'` that there are `errors`. A service that is newer than this client may have codes that are
 * not in the list: keep a `default`.
 */
export type LatchkeyError = { [Code in ProblemCode]: RefusalOf<Code> }[ProblemCode];

class Refusal extends Error {
  override readonly name = 'LatchkeyError';
  readonly code: ProblemCode;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly type: string;
  readonly errors: FieldErrors | undefined;
  readonly requestId: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(problem: ProblemDetails, response: Response) {
    super(problem.detail);
    this.code = problem.code;
    this.status = response.status;
    this.title = problem.title;
    this.detail = problem.detail;
    this.type = problem.type;
    this.errors = problem.code === 'validation_failed' ? (problem.errors ?? {}) : undefined;
    this.requestId = requestIdOf(response);
    this.retryAfter = retryAfterOf(response);
  }
}

/** For `error instanceof LatchkeyError`, which narrows to the discriminated type. */
export const LatchkeyError = Refusal as unknown as {
  new (problem: ProblemDetails, response: Response): LatchkeyError;
  readonly prototype: LatchkeyError;
};

/** An OAuth endpoint (`/oauth/*`) refused a request (RFC 6749 §5.2). */
export class LatchkeyOAuthError extends Error {
  override readonly name = 'LatchkeyOAuthError';
  /** Seconds to wait before the next try, where the service says so. */
  readonly retryAfter: number | undefined;
  readonly requestId: string | undefined;
  /** The HTTP status. */
  readonly status: number;

  constructor(
    /** RFC 6749's `error`. */
    readonly code: OAuthErrorCode,
    description: string,
    response: Response,
  ) {
    super(description);
    this.status = response.status;
    this.requestId = requestIdOf(response);
    this.retryAfter = retryAfterOf(response);
  }
}

/** An answer that is not the service's: of a proxy, or of something else at this address. */
export class UnexpectedAnswerError extends Error {
  override readonly name = 'UnexpectedAnswerError';

  constructor(
    /** The HTTP status. */
    readonly status: number,
    /** What was answered. */
    readonly body: string,
    url: string,
  ) {
    super(`${url} answered ${status}, and not as Latchkey does. Is the base URL right?`);
  }
}

/** The error that an answer with a status of 400 or more is. */
export async function failureOf(response: Response): Promise<Error> {
  const text = await response.text();
  const body = fieldsOf(text);
  if (typeof body['code'] === 'string' && typeof body['detail'] === 'string') {
    return new LatchkeyError(body as unknown as ProblemDetails, response);
  }
  if (typeof body['error'] === 'string') {
    const description = body['error_description'];
    return new LatchkeyOAuthError(
      body['error'] as OAuthErrorCode,
      typeof description === 'string' ? description : body['error'],
      response,
    );
  }
  return new UnexpectedAnswerError(response.status, text, response.url);
}

/** The fields of a JSON object; none for anything else. */
function fieldsOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {}; // HTML of a proxy, say: the caller makes an error of it
  }
}

function requestIdOf({ headers }: Response): string | undefined {
  return headers.get('X-Request-Id') ?? undefined;
}

function retryAfterOf({ headers }: Response): number | undefined {
  const value = headers.get('Retry-After');
  return value !== null && /^\d+$/.test(value) ? Number(value) : undefined;
}
