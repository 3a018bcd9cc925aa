import { oauthErrors, type OAuthErrorCode } from '../problems/oauth-problem.js';
import type { ProblemKinds } from '../problems/problem-codes.js';

/** The form of an operation's errors. */
export interface ErrorForm {
  readonly mediaType: string;
  readonly schema: string;
  /** The closed list of codes, each with the statuses that it comes with. */
  readonly codes: Readonly<Record<string, readonly number[]>>;
  /** An example of the code's response. */
  readonly example: (code: string) => object;
  /** What the code stands for, in a few words. */
  readonly describe: (code: string) => string;

  readonly codesWithChallenge: readonly string[];

  readonly codesWithRetryAfter: readonly string[];
  /** The component that describes `WWW-Authenticate`. */
  readonly challenge: 'WWW-Authenticate' | 'WWW-Authenticate-Basic';
  /** Responses of each operation that reads a body, JSON or a form. */
  readonly bodyResponses: Readonly<Record<'json' | 'form', Readonly<Record<string, string>>>>;
  /** Responses of each operation that reads a body or parameters. */
  readonly inputResponses: Readonly<Record<string, string>>;
  /** Responses of every operation. */
  readonly commonResponses: Readonly<Record<string, string>>;
}

/** Where the service is in the examples of the committed contract; the one that is served names its own address. */
export const exampleAddress = 'http://127.0.0.1:3000';

const tooLarge = 'The body is larger than 64 KiB: ';
const encoded = 'The body is compressed or not UTF-8: ';

/** RFC 9457, with Latchkey's codes and a project's own. */
export function createProblemForm(kinds: ProblemKinds): ErrorForm {
  return {
    ...problemResponses,
    codes: Object.fromEntries(Object.entries(kinds).map(([code, { status }]) => [code, [status]])),
    example: (code) => createProblemExample(kinds, code),
    describe: (code) => kinds[code]?.title ?? code,
  };
}

const problemResponses: Omit<ErrorForm, 'codes' | 'describe' | 'example'> = {
  mediaType: 'application/problem+json',
  schema: 'ProblemDetails',
  codesWithChallenge: ['insufficient_scope'],
  codesWithRetryAfter: ['busy', 'not_ready'],
  challenge: 'WWW-Authenticate',
  bodyResponses: {
    json: {
      400: 'The request cannot be read, or its body is not JSON: `bad_request`, `missing_json`, `malformed_json`.',
      413: `${tooLarge}\`payload_too_large\`.`,
      415: `${encoded}\`unsupported_media_type\`.`,
    },
    form: {
      400: 'The request cannot be read, or its body is not a form: `bad_request`, `missing_form`.',
      413: `${tooLarge}\`payload_too_large\`.`,
      415: `${encoded}\`unsupported_media_type\`.`,
    },
  },
  inputResponses: {
    422: 'The request does not match this contract; `errors` has the reasons: `validation_failed`.',
  },
  commonResponses: {
    400: 'The request cannot be read: `bad_request`.',
    default: 'Any other error, such as `internal_error`, or `token_too_long` where tokens are issued.',
  },
};

const oauthBody = {
  400: 'The request is malformed: `invalid_request`.',
  413: `${tooLarge}\`invalid_request\`.`,
  415: `${encoded}\`invalid_request\`.`,
};

/** RFC 6749 §5.2. */
export const oauthForm: ErrorForm = {
  mediaType: 'application/json',
  schema: 'OAuthError',
  codes: Object.fromEntries(Object.entries(oauthErrors).map(([code, { statuses }]) => [code, statuses])),
  example: createOAuthExample,
  describe: (code) => oauthErrors[code as OAuthErrorCode].description.replace(/\.$/, ''),
  codesWithChallenge: [],
  codesWithRetryAfter: ['temporarily_unavailable'],
  challenge: 'WWW-Authenticate-Basic',
  bodyResponses: { json: oauthBody, form: oauthBody },
  inputResponses: {},
  commonResponses: { default: 'Any other error: `server_error`, `temporarily_unavailable`.' },
};

function createProblemExample(kinds: ProblemKinds, code: string): object {
  const { title, status, detail } = kinds[code] ?? {};
  return {
    summary: title,
    value: {
      type: `${exampleAddress}/problems/${code}`,
      title,
      status,
      detail,
      code,
      ...(code === 'validation_failed' && { errors: { username: "'username' is required" } }),
    },
  };
}

function createOAuthExample(code: string): object {
  const { description } = oauthErrors[code as OAuthErrorCode];
  return { summary: code, value: { error: code, error_description: description } };
}
