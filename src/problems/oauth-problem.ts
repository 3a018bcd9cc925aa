// The errors of OAuth are here and not in src/oauth, because src/contract, a layer below that, documents them.
import type { Problem } from './problem.js';
import type { ProblemCode } from './problem-codes.js';

/** The value of `error`: RFC 6749 §5.2 and §4.1.2.1, and RFC 8707 §2. */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'temporarily_unavailable'
  | 'server_error';

interface OAuthErrorKind {
  /** The first is the usual one. */
  readonly statuses: readonly [number, ...number[]];
  /** The default `error_description`. */
  readonly description: string;
}

/** The errors of the OAuth endpoints: RFC 6749 §5.2, RFC 8707 §2, and §4.1.2.1 for the state of the service. */
export const oauthErrors: Readonly<Record<OAuthErrorCode, OAuthErrorKind>> = {
  invalid_request: {
    statuses: [400, 413, 415],
    description: 'The request lacks a parameter, repeats one, or is malformed.',
  },
  invalid_client: { statuses: [401], description: 'The client could not be authenticated.' },
  invalid_grant: {
    statuses: [400],
    description: 'The refresh token is unknown, expired, revoked or used before.',
  },
  unauthorized_client: { statuses: [400], description: 'The client may not do this.' },
  unsupported_grant_type: {
    statuses: [400],
    description: 'The grant types are refresh_token and client_credentials.',
  },
  invalid_scope: { statuses: [400], description: 'The scope exceeds what may be granted.' },
  invalid_target: { statuses: [400], description: 'No token may be issued for this resource.' },
  temporarily_unavailable: {
    statuses: [429, 503],
    description: 'Try again after the number of seconds in Retry-After.',
  },
  server_error: {
    statuses: [500],
    description:
      'An unexpected error occurred. The log has its cause under the X-Request-Id of this response.',
  },
};

/** All other codes become `invalid_request`. */
const codes: Readonly<Record<string, OAuthErrorCode>> = {
  invalid_refresh_token: 'invalid_grant',
  too_many_attempts: 'temporarily_unavailable',
  too_many_requests: 'temporarily_unavailable',
  busy: 'temporarily_unavailable',
  not_ready: 'temporarily_unavailable',
  internal_error: 'server_error',
  token_too_long: 'server_error',
} satisfies Partial<Record<ProblemCode, OAuthErrorCode>>;

/** An error of an OAuth endpoint. */
export class OAuthProblem extends Error {
  override readonly name = 'OAuthProblem';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: OAuthErrorCode,
    description = oauthErrors[code].description,
    options: {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly cause?: unknown;
    } = {},
  ) {
    super(description, { cause: options.cause });
    this.status = options.status ?? oauthErrors[code].statuses[0];
    this.headers = options.headers ?? {};
  }

  /** Converts a problem of another part of the service. */
  static from(problem: Problem): OAuthProblem {
    const code = codes[problem.code] ?? 'invalid_request';
    const { statuses } = oauthErrors[code];
    const fields = Object.entries(problem.errors ?? {}).map(([field, error]) => `${field}: ${error}.`);
    return new OAuthProblem(code, fields.length > 0 ? fields.join(' ') : problem.message, {
      status: statuses.find((status) => status === problem.status) ?? statuses[0],
      headers: problem.headers,
      cause: problem,
    });
  }

  /** RFC 6749 §5.2 allows only ASCII, without quotes and backslashes. */
  get description(): string {
    return this.message.replaceAll(/["\\]/g, "'").replaceAll(/[^ -~]/g, '?');
  }
}
