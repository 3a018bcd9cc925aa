import type {
  FieldErrors,
  OAuthErrorCode,
  ProblemCode,
  ProblemDetails,
  SecondFactorMethod,
} from '../generated/schema.js';

/** What a login asks for after the password. */
export interface SecondFactorDemand {
  /** What is sent with the second factor. It works for one login. */
  readonly loginToken: string;
  /** The kinds of second factors that the account has. */
  readonly methods: readonly SecondFactorMethod[];
  /** Seconds until the login has to begin again. */
  readonly expiresIn: number;
}

/** What a refused token lacks (RFC 9470): another login helps. */
export interface StepUpDemand {
  /** The levels that the login must reach, for `acrValues` of `login`; none where only its age matters. */
  readonly acrValues: readonly string[];
  /** How many seconds old the login may be, or its second factor where there are `acrValues`. */
  readonly maxAge: number | undefined;
}

/** A refusal: the service's problem body (RFC 9457) as an error. */
interface RefusalOf<Code extends ProblemCode> extends Error {
  readonly name: 'LatchkeyError';
  /** The problem type for programs: one of the closed list in the contract. */
  readonly code: Code;
  /** The HTTP status. */
  readonly status: number;
  /** The problem type in a few words. */
  readonly title: string;
  /** What was wrong, and what to do about it; `message` is the same. */
  readonly detail: string;
  /** The URI of the problem type. */
  readonly type: string;
  /** For `validation_failed`: field → what is wrong with it. */
  readonly errors: Code extends 'validation_failed' ? FieldErrors : undefined;
  /** For `second_factor_required`: what `finishLogin` and `signInWithPasskey` take. */
  readonly secondFactor: Code extends 'second_factor_required' ? SecondFactorDemand : undefined;
  /** For `insufficient_user_authentication`: what the next login must have. */
  readonly stepUp: Code extends 'insufficient_user_authentication' ? StepUpDemand : undefined;
  /** The response's `X-Request-Id`, with which the cause can be found in the service's log. */
  readonly requestId: string | undefined;
  /** Seconds to wait before the next attempt, if the service has sent `Retry-After`. */
  readonly retryAfter: number | undefined;
}

/**
 * The service refused a request. The type is a union discriminated by `code`: in `case 'validation_failed'` there are
 * `errors`. A service that is newer than this client may have further codes: keep a `default`.
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
  readonly secondFactor: SecondFactorDemand | undefined;
  readonly stepUp: StepUpDemand | undefined;
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
    this.secondFactor = problem.code === 'second_factor_required' ? secondFactorOf(problem) : undefined;
    this.stepUp = problem.code === 'insufficient_user_authentication' ? stepUpOf(response) : undefined;
    this.requestId = requestIdOf(response);
    this.retryAfter = retryAfterOf(response);
  }
}

/** The class, so that `error instanceof LatchkeyError` narrows to the union. */
export const LatchkeyError = Refusal as unknown as {
  new (problem: ProblemDetails, response: Response): LatchkeyError;
  readonly prototype: LatchkeyError;
};

/** An OAuth endpoint (`/oauth/*`) refused a request (RFC 6749 §5.2). */
export class LatchkeyOAuthError extends Error {
  override readonly name = 'LatchkeyOAuthError';
  /** Seconds to wait before the next attempt, if the service has sent `Retry-After`. */
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

/**
 * A response that is not Latchkey's, but a proxy's or that of another server at this address, whatever its status: a page
 * where the contract has JSON.
 */
export class UnexpectedResponseError extends Error {
  override readonly name = 'UnexpectedResponseError';

  constructor(
    /** The HTTP status. */
    readonly status: number,
    /** The body of the response. */
    readonly body: string,
    url: string,
  ) {
    super(`${url} responded with ${status}, and not as Latchkey does. Is the base URL right?`);
  }
}

/** Creates the error for a response with a status of 400 or more. */
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
  return new UnexpectedResponseError(response.status, text, response.url);
}

/** Creates the error for a successful response that the contract does not have. */
export async function unexpectedResponse(response: Response): Promise<UnexpectedResponseError> {
  return new UnexpectedResponseError(response.status, await response.text(), response.url);
}

/** The fields of a JSON object; none for anything else. */
function fieldsOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {}; // for example a proxy's HTML, which the caller reports
  }
}

function secondFactorOf(problem: ProblemDetails): SecondFactorDemand {
  const { login_token: loginToken = '', methods = [], login_token_expires_in: expiresIn = 0 } = problem;
  return { loginToken, methods, expiresIn };
}

function stepUpOf({ headers }: Response): StepUpDemand {
  const challenge = headers.get('WWW-Authenticate') ?? '';
  const maxAge = /\bmax_age="?(\d+)/.exec(challenge)?.[1];
  return {
    acrValues: /\bacr_values="([^"]+)"/.exec(challenge)?.[1]?.split(' ') ?? [],
    maxAge: maxAge === undefined ? undefined : Number(maxAge),
  };
}

function requestIdOf({ headers }: Response): string | undefined {
  return headers.get('X-Request-Id') ?? undefined;
}

function retryAfterOf({ headers }: Response): number | undefined {
  const value = headers.get('Retry-After');
  return value !== null && /^\d+$/.test(value) ? Number(value) : undefined;
}
