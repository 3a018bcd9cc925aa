interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** The detail that is sent where the place that throws has nothing more exact to say. */
  readonly detail: string;
  /** For its page, which the `type` of the problem links to: what happened, and what to do. */
  readonly meaning: string;
  readonly remedy: string;
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
    meaning: 'The request line, a header or the path is not well-formed HTTP, or the headers are too large.',
    remedy: 'Look at how the request is made: percent-encode the path, and send headers of 16 KiB at most.',
  },
  missing_json: {
    status: 400,
    title: 'Missing JSON',
    detail: 'Missing JSON in request',
    meaning: 'The operation reads a JSON body, and none came, or it came without its media type.',
    remedy: 'Send a JSON object with Content-Type: application/json.',
  },
  missing_form: {
    status: 400,
    title: 'Missing form',
    detail: 'The body must be a form: Content-Type: application/x-www-form-urlencoded.',
    meaning: 'The operation reads a form, and none came, or it came without its media type.',
    remedy: 'Send the fields with Content-Type: application/x-www-form-urlencoded.',
  },
  malformed_json: {
    status: 400,
    title: 'Malformed JSON',
    detail: 'The body is not a JSON object.',
    meaning: 'The body is not JSON, or its outermost value is not an object.',
    remedy: 'Serialise an object with a JSON library; mind the quotes of your shell.',
  },
  authentication_required: {
    status: 401,
    title: 'Authentication required',
    detail: 'Send an access token: "Authorization: Bearer <access_token>". POST /login gives one.',
    meaning: 'The operation is a protected one, and no access token came.',
    remedy:
      'Log in with POST /login and send the access token in the header Authorization: Bearer, or in a cookie where the service takes it from there.',
  },
  invalid_token: {
    status: 401,
    title: 'Invalid access token',
    detail: 'The access token is not valid. Refresh it or log in again.',
    meaning:
      'An access token came that is not valid: expired, revoked, not ours, or not well-formed. The challenge in WWW-Authenticate says which.',
    remedy:
      'Refresh the tokens with POST /refresh and repeat the request once. If the refresh is refused as well, log in again.',
  },
  insufficient_user_authentication: {
    status: 401,
    title: 'Fresh login required',
    detail: 'This operation needs a token from a login that was just made. Log in again.',
    meaning: 'The token is valid, but its login is too long ago for this operation (RFC 9470).',
    remedy: 'Ask the user for the password again, log in, and repeat the request with the new token.',
  },
  csrf_failed: {
    status: 401,
    title: 'CSRF value missing or wrong',
    detail:
      'A request with a token in a cookie must repeat the CSRF value that came with the cookie, in the header X-CSRF-TOKEN.',
    meaning:
      "A token in a cookie came without its CSRF value, or with one of another token. This keeps other sites from using the browser's cookies.",
    remedy: 'Send the value that the login or the last refresh gave in the header X-CSRF-TOKEN.',
  },
  cookies_off: {
    status: 404,
    title: 'Cookies are off',
    detail: 'This service gives no tokens in cookies: its JWT_TOKEN_LOCATION does not name them.',
    meaning: 'The operation puts tokens into cookies, and this service does not.',
    remedy: 'Use POST /login and POST /refresh, or have the operator set JWT_TOKEN_LOCATION=headers,cookies.',
  },
  invalid_credentials: {
    status: 401,
    title: 'Login failed',
    detail: 'Bad username or password',
    meaning:
      'The name is unknown, the password is wrong, or the account is disabled. Which of them is not said, so that nobody can find out who has an account.',
    remedy:
      'Check the name and the password. An administrator can give a new password and enable the account.',
  },
  invalid_refresh_token: {
    status: 401,
    title: 'Invalid refresh token',
    detail: 'The refresh token is unknown, expired, revoked or used before. Log in again.',
    meaning:
      'The refresh token is unknown, expired, or its session has ended; or it was used before, which ends the session because it may be stolen.',
    remedy:
      'Log in again. Keep the refresh token of the last answer only, and let one caller at a time refresh.',
  },
  insufficient_scope: {
    status: 403,
    title: 'Permission missing',
    detail: 'The account lacks a permission that this operation needs.',
    meaning:
      'The token is valid, but the account lacks a permission that the operation demands. The challenge in WWW-Authenticate names it.',
    remedy: 'Have an administrator give the account a role with this permission, then refresh the tokens.',
  },
  user_session_required: {
    status: 403,
    title: 'User required',
    detail: 'This operation is about the account of a user who has logged in; a client has none.',
    meaning: "The operation is about a user's own account or session, and the token is that of a client.",
    remedy: 'Call it with the token of a user who has logged in.',
  },
  password_change_required: {
    status: 403,
    title: 'Password change required',
    detail: 'The account still has a one-time password. Choose a new one first: PUT /me/password.',
    meaning:
      'The account still has a one-time password, and no permissions until the user has chosen another.',
    remedy: 'Choose a password with PUT /me/password; its answer has tokens with all permissions.',
  },
  wrong_password: {
    status: 403,
    title: 'Wrong password',
    detail: 'The current password is wrong.',
    meaning: "The current password that came along is not the account's.",
    remedy: 'Ask the user for the current password again.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    detail: 'There is nothing at this path. GET /openapi.json lists what there is.',
    meaning: 'The service has no operation at this path.',
    remedy:
      'Compare the path with the contract, GET /openapi.json; upper and lower case and a slash at the end count.',
  },
  user_not_found: {
    status: 404,
    title: 'No such user',
    detail: 'There is no user with this id.',
    meaning: 'No account has this id. It may have been deleted.',
    remedy: 'List the accounts with GET /users.',
  },
  session_not_found: {
    status: 404,
    title: 'No such session',
    detail: 'The user has no session with this id, or it has ended.',
    meaning: 'The account has no session with this id, or the session has ended.',
    remedy: 'List the sessions with GET /sessions.',
  },
  role_not_found: {
    status: 404,
    title: 'No such role',
    detail: 'There is no role with this name.',
    meaning: 'No role has this name. It may have been deleted.',
    remedy: 'List the roles with GET /roles.',
  },
  client_not_found: {
    status: 404,
    title: 'No such client',
    detail: 'There is no client with this id.',
    meaning: 'No client has this id. It may have been deleted.',
    remedy: 'List the clients with GET /clients.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    detail: 'This path does not answer this method. The Allow header lists those that it does.',
    meaning: 'The path is there, but not with this method.',
    remedy: 'Use one of the methods of the Allow header.',
  },
  username_taken: {
    status: 409,
    title: 'Username taken',
    detail: 'Another user has this name. Names are compared without regard to case.',
    meaning: 'Another account has this name; upper and lower case are the same.',
    remedy: 'Choose another name.',
  },
  last_administrator: {
    status: 409,
    title: 'Last administrator',
    detail: 'This is the last enabled administrator. Make another one first.',
    meaning: 'The change would leave the service without an enabled administrator.',
    remedy: 'Give another enabled account the role admin first.',
  },
  role_protected: {
    status: 409,
    title: 'Built-in role',
    detail: 'The role "admin" is built in. It holds every permission and cannot be changed or deleted.',
    meaning: 'The role admin is built in and cannot be changed or deleted.',
    remedy: 'Make a role of your own with PUT /roles/{name}.',
  },
  client_has_no_secret: {
    status: 409,
    title: 'Client without a secret',
    detail: 'This client authenticates with its own key (private_key_jwt). Change its "jwks" instead.',
    meaning: 'The client proves who it is with a key of its own, so there is no secret to replace.',
    remedy: 'Change its public keys with PATCH /clients/{id}.',
  },
  precondition_failed: {
    status: 412,
    title: 'Precondition failed',
    detail: 'The file is not the one that If-Match or If-Unmodified-Since names.',
    meaning:
      'A condition in the header of the request (RFC 9110 §13.1) does not hold: the file has changed since.',
    remedy: 'Get the file without the condition.',
  },
  request_timeout: {
    status: 408,
    title: 'Request too slow',
    detail: 'The request did not come in time.',
    meaning:
      'The request began, and its rest did not come in time. The service does not wait for slow ones forever.',
    remedy: 'Send the whole request at once. Look at the network and at proxies in between.',
  },
  header_too_large: {
    status: 431,
    title: 'Header too large',
    detail: 'The header of the request is larger than 16 KiB.',
    meaning: 'The header of the request, cookies and tokens included, is larger than this service reads.',
    remedy: 'Send fewer or smaller headers: 16 KiB at most, in all.',
  },
  payload_too_large: {
    status: 413,
    title: 'Body too large',
    detail: 'The body is larger than 64 KiB.',
    meaning: 'The body is larger than this service reads.',
    remedy: 'Send less at a time: 64 KiB at most.',
  },
  expectation_failed: {
    status: 417,
    title: 'Expectation failed',
    detail: 'The service knows no expectation other than "Expect: 100-continue".',
    meaning:
      'The request has an Expect header that says something else than 100-continue (RFC 9110 §10.1.1).',
    remedy: 'Send the request without the header.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported encoding',
    detail: 'Send the body as UTF-8 without a Content-Encoding.',
    meaning: 'The body is compressed or not UTF-8.',
    remedy: 'Send it as plain UTF-8, without Content-Encoding.',
  },
  validation_failed: {
    status: 422,
    title: 'Validation failed',
    detail: 'Some of what was sent does not fit the contract; "errors" says which fields and why.',
    meaning:
      'The request is well-formed, but a field or a parameter is not what the contract says. Nothing was changed.',
    remedy: 'Read errors in the body: it has the reason for each field.',
  },
  too_many_attempts: {
    status: 429,
    title: 'Too many attempts',
    detail: 'Too many failed logins. Wait as many seconds as the Retry-After header says.',
    meaning:
      'There were several failed logins for this account or from this address, and the next one has to wait. The wait grows with each failure.',
    remedy: 'Wait as long as Retry-After says. A forgotten password can be replaced by an administrator.',
  },
  too_many_requests: {
    status: 429,
    title: 'Too many requests',
    detail: 'Too many requests from this address. Wait as many seconds as the Retry-After header says.',
    meaning: 'The operator has set a limit on how often one address may do this, and it is reached.',
    remedy: 'Wait as long as Retry-After says.',
  },
  too_many_streams: {
    status: 429,
    title: 'Too many streams',
    detail:
      'As many streams of revocations are open for this client as it may have. Close one, or read GET /revocations.',
    meaning:
      'One client, or one user, may have so many streams of revocations open at a time, so that there are some for others.',
    remedy:
      'Let each process open one stream. Where there are more processes than that, the operator raises LATCHKEY_REVOCATION_STREAMS_PER_CLIENT, or gives them clients of their own.',
  },
  internal_error: {
    status: 500,
    title: 'Internal error',
    detail: 'Something went wrong on our side. The log has the cause under the X-Request-Id of this answer.',
    meaning: "Something failed that should not. It is not the request's fault.",
    remedy:
      'Give the operator the X-Request-Id of the answer: the log has the cause under it. The request may be tried again.',
  },
  token_too_long: {
    status: 500,
    title: 'Access token too long',
    detail:
      'The access token would be longer than any that is accepted. An administrator has to take roles from the account.',
    meaning:
      'What the account may do, or what the service was made to add to its access tokens, takes more room than a token has, so none is issued. Roles that would do this are refused when they are given: these were given before, or under other settings.',
    remedy:
      'An administrator takes roles from the account (PATCH /users/{id}) or permissions from its roles; where none can log in, the operator does: npx latchkey users set-roles. Where hooks add claims, they have to add less.',
  },
  busy: {
    status: 503,
    title: 'Busy',
    detail: 'Too many passwords are being checked at once. Try again in as many seconds as Retry-After says.',
    meaning: 'Checking a password takes a processor a while on purpose, and too many are waiting.',
    remedy: 'Try again after as many seconds as Retry-After says.',
  },
  not_ready: {
    status: 503,
    title: 'Not ready',
    detail: 'The service is starting, stopping, or cannot reach its database. Try again shortly.',
    meaning: 'The service is starting or stopping, or its database does not answer.',
    remedy: 'Try again shortly. If it stays so, the operator finds the cause in the log.',
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof problemCodes;
