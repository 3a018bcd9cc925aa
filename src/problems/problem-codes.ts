interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** The detail that is sent where the place that throws has nothing more exact to say. */
  readonly detail: string;
}

/**
 * The closed list of error codes. A code is a promise to clients: it keeps its meaning and its status;
 * texts may become clearer.
 */
export const problemCodes = {
  bad_request: {
    status: 400,
    title: 'Bad request',
    detail: 'The request could not be read.',
  },
  missing_json: {
    status: 400,
    title: 'Missing JSON',
    detail: 'Missing JSON in request',
  },
  missing_form: {
    status: 400,
    title: 'Missing form',
    detail: 'The body must be a form: Content-Type: application/x-www-form-urlencoded.',
  },
  malformed_json: {
    status: 400,
    title: 'Malformed JSON',
    detail: 'The body is not a JSON object.',
  },
  authentication_required: {
    status: 401,
    title: 'Authentication required',
    detail: 'Send an access token: "Authorization: Bearer <access_token>". POST /login gives one.',
  },
  invalid_token: {
    status: 401,
    title: 'Invalid access token',
    detail: 'The access token is not valid. Refresh it or log in again.',
  },
  insufficient_user_authentication: {
    status: 401,
    title: 'Fresh login required',
    detail: 'This operation needs a token from a login that was just made. Log in again.',
  },
  csrf_failed: {
    status: 401,
    title: 'CSRF value missing or wrong',
    detail:
      'A request with a token in a cookie must repeat the CSRF value that came with the cookie, in the header X-CSRF-TOKEN.',
  },
  cookies_off: {
    status: 404,
    title: 'Cookies are off',
    detail: 'This service gives no tokens in cookies: its JWT_TOKEN_LOCATION does not name them.',
  },
  invalid_credentials: {
    status: 401,
    title: 'Login failed',
    detail: 'Bad username or password',
  },
  invalid_refresh_token: {
    status: 401,
    title: 'Invalid refresh token',
    detail: 'The refresh token is unknown, expired, revoked or used before. Log in again.',
  },
  insufficient_scope: {
    status: 403,
    title: 'Permission missing',
    detail: 'The account lacks a permission that this operation needs.',
  },
  user_session_required: {
    status: 403,
    title: 'User required',
    detail: 'This operation is about the account of a user who has logged in; a client has none.',
  },
  password_change_required: {
    status: 403,
    title: 'Password change required',
    detail: 'The account still has a one-time password. Choose a new one first: PUT /me/password.',
  },
  wrong_password: {
    status: 403,
    title: 'Wrong password',
    detail: 'The current password is wrong.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    detail: 'There is nothing at this path. GET /openapi.json lists what there is.',
  },
  user_not_found: {
    status: 404,
    title: 'No such user',
    detail: 'There is no user with this id.',
  },
  session_not_found: {
    status: 404,
    title: 'No such session',
    detail: 'The user has no session with this id, or it has ended.',
  },
  role_not_found: {
    status: 404,
    title: 'No such role',
    detail: 'There is no role with this name.',
  },
  client_not_found: {
    status: 404,
    title: 'No such client',
    detail: 'There is no client with this id.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    detail: 'This path does not answer this method. The Allow header lists those that it does.',
  },
  username_taken: {
    status: 409,
    title: 'Username taken',
    detail: 'Another user has this name. Names are compared without regard to case.',
  },
  last_administrator: {
    status: 409,
    title: 'Last administrator',
    detail: 'This is the last enabled administrator. Make another one first.',
  },
  role_protected: {
    status: 409,
    title: 'Built-in role',
    detail: 'The role "admin" is built in. It holds every permission and cannot be changed or deleted.',
  },
  client_has_no_secret: {
    status: 409,
    title: 'Client without a secret',
    detail: 'This client authenticates with its own key (private_key_jwt). Change its "jwks" instead.',
  },
  payload_too_large: {
    status: 413,
    title: 'Body too large',
    detail: 'The body is larger than 64 KiB.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported encoding',
    detail: 'Send the body as UTF-8 without a Content-Encoding.',
  },
  validation_failed: {
    status: 422,
    title: 'Validation failed',
    detail: 'Some of what was sent does not fit the contract; "errors" says which fields and why.',
  },
  too_many_attempts: {
    status: 429,
    title: 'Too many attempts',
    detail: 'Too many failed logins. Wait as many seconds as the Retry-After header says.',
  },
  too_many_requests: {
    status: 429,
    title: 'Too many requests',
    detail: 'Too many requests from this address. Wait as many seconds as the Retry-After header says.',
  },
  internal_error: {
    status: 500,
    title: 'Internal error',
    detail: 'Something went wrong on our side. The log has the cause under the X-Request-Id of this answer.',
  },
  busy: {
    status: 503,
    title: 'Busy',
    detail: 'Too many passwords are being checked at once. Try again in as many seconds as Retry-After says.',
  },
  not_ready: {
    status: 503,
    title: 'Not ready',
    detail: 'The service is starting, stopping, or cannot reach its database. Try again shortly.',
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof problemCodes;
