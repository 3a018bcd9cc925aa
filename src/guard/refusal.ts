/** The problem types of a guard's responses: some of the service's closed list, with its texts. */
const kinds = {
  authentication_required: {
    status: 401,
    title: 'Authentication required',
    detail: 'Send an access token: "Authorization: Bearer <access_token>".',
  },
  invalid_token: { status: 401, title: 'Invalid access token', detail: 'The access token is not valid.' },
  insufficient_user_authentication: {
    status: 401,
    title: 'Fresh login required',
    detail: 'This operation needs a token from a login that was just made. Log in again.',
  },
  insufficient_scope: {
    status: 403,
    title: 'Permission missing',
    detail: 'The account lacks a permission that this operation needs.',
  },
  password_change_required: {
    status: 403,
    title: 'Password change required',
    detail: 'The account still has a one-time password. Choose a new one first: PUT /me/password.',
  },
  second_factor_enrollment_required: {
    status: 403,
    title: 'Second factor must be set up',
    detail:
      'The account must have a second factor, and this session began without one. Set one up where you log in, or log in with it.',
  },
  not_ready: {
    status: 503,
    title: 'Not ready',
    detail: 'Whether the access token is still good cannot be told at the moment. Try again shortly.',
  },
} as const;

export type RefusalCode = keyof typeof kinds;

/** A problem (RFC 9457). */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: RefusalCode;
}

interface RefusalOptions {
  readonly detail?: string;
  /** Parameters of the challenge beside the realm. */
  readonly challenge?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** Why a request is refused, and the response: problem+json (RFC 9457) with its challenge (RFC 6750 §3). */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  /** Koa's error handler may send the message to the client. */
  readonly expose = true;
  /** The challenge's authentication scheme. */
  scheme = 'Bearer';
  /** The base of the problem types' URIs. */
  issuer = '';
  readonly #challenge: Readonly<Record<string, string>> | undefined;

  constructor(
    readonly code: RefusalCode,
    { detail, challenge, cause }: RefusalOptions = {},
  ) {
    super(detail ?? kinds[code].detail, { cause });
    this.status = kinds[code].status;
    // RFC 6750 §3: no error code in the response to a request without a token.
    this.#challenge = code === 'invalid_token' ? { error: code, error_description: this.message } : challenge;
  }

  /** The status, by the name that Express and Fastify read. */
  get statusCode(): number {
    return this.status;
  }

  get headers(): Record<string, string> {
    const parameters = Object.entries({ realm: 'latchkey', ...this.#challenge });
    return {
      'Content-Type': 'application/problem+json; charset=utf-8',
      'Cache-Control': 'no-store',
      ...((this.status === 401 || this.#challenge) && {
        'WWW-Authenticate': `${this.scheme} ${parameters.map(([name, value]) => `${name}="${escapeQuoted(value)}"`).join(', ')}`,
      }),
      ...(this.status === 503 && { 'Retry-After': '1' }),
    };
  }

  /** The body of the response, as an object. */
  get problem(): ProblemBody {
    return this.#describe(this.issuer);
  }

  /** @param issuer the base of the problem types' URIs; by default the issuer of the guard that refused. */
  body(issuer = this.issuer): string {
    return JSON.stringify(this.#describe(issuer));
  }

  /** The response, for handlers of the Fetch API's kind; Hono's own error handler sends it. */
  getResponse(): Response {
    return new Response(this.body(), { status: this.status, headers: this.headers });
  }

  #describe(issuer: string): ProblemBody {
    const { title, status } = kinds[this.code];
    return {
      type: `${issuer}/problems/${this.code}`,
      title,
      status,
      detail: this.message,
      code: this.code,
    };
  }
}

/** RFC 6750 §3 allows few characters in a challenge. */
function escapeQuoted(text: string): string {
  return text.replaceAll(/["\\]/g, "'").replaceAll(/[^\x20-\x7e]/g, '?');
}
