/** A kind of problem. */
export interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** The default `detail`. */
  readonly detail: string;
  /** What happened, and what to do: for the page that `type` links to. */
  readonly meaning: string;
  readonly remedy: string;
}

/** Code → kind. */
export type ProblemKinds = Readonly<Record<string, ProblemKind>>;

/**
 * The closed list of error codes, beside which a project has its own. A code keeps its meaning and its status; texts may change.
 */
export const problemCodes = {
  bad_request: {
    status: 400,
    title: 'Bad request',
    detail: 'The request could not be read.',
    meaning: 'The request line, a header, the path or a form is not well-formed.',
    remedy: 'Look at how the request is made: percent-encode the path, and use an HTTP library for forms.',
  },
  missing_json: {
    status: 400,
    title: 'Missing JSON',
    detail: 'Missing JSON in request. Send a JSON object with Content-Type: application/json.',
    meaning: 'The operation needs a JSON body. The body is missing, or has no JSON media type.',
    remedy: 'Send a JSON object with Content-Type: application/json.',
  },
  missing_form: {
    status: 400,
    title: 'Missing form',
    detail: 'The body must be a form: Content-Type: application/x-www-form-urlencoded.',
    meaning: 'The operation needs a form. The body is missing, or has no form media type.',
    remedy:
      'Send the fields with the Content-Type that the contract names: application/x-www-form-urlencoded, or multipart/form-data for files.',
  },
  malformed_json: {
    status: 400,
    title: 'Malformed JSON',
    detail: 'The body is not a JSON object.',
    meaning: 'The body is not JSON, or not a JSON object.',
    remedy: 'Serialize an object with a JSON library; check the quotes in your shell.',
  },
  invalid_link: {
    status: 400,
    title: 'Link not valid',
    detail:
      'The link or the code was used before, has expired, or no longer works because the account has changed.',
    meaning:
      'The token of a link, or a code, is unknown, was used, has expired, is another account’s, was asked for by another browser, or no longer works because the account has changed since: another password, name, address or other roles. A code also stops working after five wrong tries.',
    remedy:
      'Ask for another one: POST /password/forgot, POST /email/verification, POST /login/link, or POST /register.',
  },
  authentication_required: {
    status: 401,
    title: 'Authentication required',
    detail: 'Send an access token: "Authorization: Bearer <access_token>". POST /login returns one.',
    meaning: 'The operation is protected, and the request has no access token.',
    remedy:
      'Log in with POST /login and send the access token in the header Authorization: Bearer, or in a cookie where the service accepts it there.',
  },
  invalid_token: {
    status: 401,
    title: 'Invalid access token',
    detail: 'The access token is not valid. Refresh it or log in again.',
    meaning:
      'The access token is not valid: expired, revoked, malformed, or issued by another service. The challenge in WWW-Authenticate says which.',
    remedy:
      'Refresh the tokens with POST /refresh and repeat the request once. If the refresh fails as well, log in again.',
  },
  insufficient_user_authentication: {
    status: 401,
    title: 'Fresh login required',
    detail: 'This operation needs a token from a recent login. Log in again.',
    meaning:
      'The token is valid, but its login was too long ago for this operation, or had no second factor (RFC 9470). The challenge in WWW-Authenticate says which: max_age, acr_values.',
    remedy:
      'Ask the user for the password again, log in with the acr_values of the challenge, and repeat the request with the new token.',
  },
  csrf_failed: {
    status: 401,
    title: 'CSRF value missing or wrong',
    detail:
      'A request with a token in a cookie must send the CSRF value of the cookie in the header X-CSRF-TOKEN.',
    meaning:
      "A token in a cookie came without its CSRF value, or with that of another token. This keeps other sites from using the browser's cookies.",
    remedy: 'Send the CSRF value from the login or the last refresh in the header X-CSRF-TOKEN.',
  },
  registration_off: {
    status: 403,
    title: 'Registration is off',
    detail: 'Registration is closed. Ask an administrator for an account.',
    meaning: 'The service is configured so that only administrators create accounts and invite people.',
    remedy: 'Ask an administrator for an account, or have the operator set LATCHKEY_REGISTRATION.',
  },
  invitation_required: {
    status: 403,
    title: 'Invitation required',
    detail: 'Registration is by invitation only. Follow the link in yours, or ask an administrator for one.',
    meaning: 'The service is configured so that people create accounts only with an invitation.',
    remedy:
      'Send the token of the invitation to POST /invitations/accept, or ask an administrator for an invitation.',
  },
  email_domain_refused: {
    status: 403,
    title: 'Domain not accepted',
    detail: 'Registration is not open to addresses in this domain. Use another address.',
    meaning: 'The service accepts registrations only with e-mail addresses in certain domains.',
    remedy:
      'Register with an address in one of the domains that LATCHKEY_REGISTRATION names, or ask an administrator for an account.',
  },
  registration_refused: {
    status: 403,
    title: 'Registration refused',
    detail: 'This service does not accept the registration.',
    meaning: 'A rule of the API, its hook `register`, refuses the registration. The detail says why.',
    remedy: 'Do what the detail says, or ask the operator.',
  },
  invitation_not_found: {
    status: 404,
    title: 'No such invitation',
    detail: 'There is no such invitation: it is used, withdrawn or expired.',
    meaning:
      'The invitation was accepted, withdrawn or replaced by a later one, or has expired; or its sender may no longer give its roles.',
    remedy: 'Ask an administrator for another invitation.',
  },
  password_check_off: {
    status: 404,
    title: 'Password checks are off',
    detail: 'This service rates no passwords: its LATCHKEY_PASSWORD_CHECK_LIMIT is 0.',
    meaning: 'The operation rates passwords, and the service is configured to rate none.',
    remedy: 'Leave the rating out of your form, or have the operator set LATCHKEY_PASSWORD_CHECK_LIMIT.',
  },
  cookies_off: {
    status: 404,
    title: 'Cookies are off',
    detail: 'This service sets no tokens in cookies: its JWT_TOKEN_LOCATION does not include "cookies".',
    meaning: 'The operation sets tokens in cookies, and cookies are off in this service.',
    remedy: 'Use POST /login and POST /refresh, or have the operator set JWT_TOKEN_LOCATION=headers,cookies.',
  },
  invalid_credentials: {
    status: 401,
    title: 'Login failed',
    detail: 'Bad username or password',
    meaning:
      'The name is unknown, the password is wrong, or the account is disabled. The response does not say which, so that nobody can find out who has an account.',
    remedy:
      'Check the name and the password. An administrator can set a new password and enable the account.',
  },
  second_factor_required: {
    status: 401,
    title: 'Second factor required',
    detail:
      'Send a second factor with the login_token of this response: POST /login/second-factor, or with a passkey POST /login/passkey.',
    meaning:
      'The first step of the login was right, and the account has a second factor. The response has a login_token, which works for one login within five minutes, and the kinds of second factors that the account has.',
    remedy:
      'Ask the user for a code, and send it with the login_token: POST /login/second-factor. With a passkey: POST /login/passkey/options and POST /login/passkey, each with the login_token.',
  },
  invalid_login_token: {
    status: 401,
    title: 'Invalid login token',
    detail:
      'The login_token is unknown, expired, used, or of an account that has changed since. Log in again.',
    meaning:
      'A login_token works for one login, for five minutes and five codes, and ends with a change of the password or of the second factors, with the end of all sessions, and when the account is disabled.',
    remedy: 'Log in again from the first step.',
  },
  invalid_passkey: {
    status: 401,
    title: 'Login with a passkey failed',
    detail: 'The passkey is not accepted. Ask for new options and try again, or log in another way.',
    meaning:
      'The passkey is unknown or was removed, its signature is wrong, its challenge was used or is older than five minutes, the page is not one of the service’s, or the account is disabled. The response does not say which.',
    remedy:
      'Begin again with POST /login/passkey/options, or log in with a password. The log has the reason (passkey_refused).',
  },
  invalid_refresh_token: {
    status: 401,
    title: 'Invalid refresh token',
    detail: 'The refresh token is unknown, expired, revoked or used before. Log in again.',
    meaning:
      'The refresh token is unknown, expired, or its session has ended; or it was used before, which ends the session because the token may be stolen.',
    remedy:
      'Log in again. Keep only the refresh token of the last response, and let only one caller refresh at a time.',
  },
  insufficient_scope: {
    status: 403,
    title: 'Permission missing',
    detail: 'The account lacks a permission that this operation requires.',
    meaning:
      'The token is valid, but the account lacks a permission that the operation requires. The challenge in WWW-Authenticate names it.',
    remedy: 'Have an administrator give the account a role with this permission, then refresh the tokens.',
  },
  user_session_required: {
    status: 403,
    title: 'User required',
    detail: "This operation needs the token of a user. The token is a client's.",
    meaning: "The operation concerns the caller's own account or session, and a client has neither.",
    remedy: 'Call it with the access token of a user who has logged in.',
  },
  password_change_required: {
    status: 403,
    title: 'Password change required',
    detail: 'The account has a one-time password. Change it first: PUT /me/password.',
    meaning: 'The account has a one-time password, and no permissions until the user changes it.',
    remedy: 'Change the password with PUT /me/password; its response has tokens with all permissions.',
  },
  wrong_second_factor: {
    status: 403,
    title: 'Wrong second factor',
    detail: 'The code is wrong, expired, or was used before.',
    meaning:
      'The code is not the one that the authenticator app shows now, or is no recovery code of the account. Each code works once.',
    remedy:
      'Ask the user for the next code of the app, and whether the clock of that device is right; or for another recovery code.',
  },
  second_factor_enrollment_required: {
    status: 403,
    title: 'Second factor must be set up',
    detail:
      'The account must have a second factor, and this session began without one. Set one up, or log in with it.',
    meaning:
      'The service requires a second factor of this account (LATCHKEY_SECOND_FACTOR). A session that began without one can only set one up.',
    remedy:
      'Set up an authenticator app with POST /me/second-factors/totp, or add a passkey with POST /me/passkeys/options, then refresh the tokens. Where the account has a second factor, log in again with it.',
  },
  second_factors_off: {
    status: 404,
    title: 'Second factors are off',
    detail: 'This service uses no second factors: its LATCHKEY_SECOND_FACTOR is "off".',
    meaning: 'The operation is about second factors, and they are off in this service.',
    remedy: 'Have the operator set LATCHKEY_SECOND_FACTOR=optional, or another policy.',
  },
  second_factor_not_found: {
    status: 404,
    title: 'No such second factor',
    detail: 'The account has no such second factor, or none that waits for its first code.',
    meaning:
      'The account has no second factor of this kind; or the authenticator app was not confirmed within ten minutes.',
    remedy: 'List the second factors; set an authenticator app up again with POST /me/second-factors/totp.',
  },
  second_factor_exists: {
    status: 409,
    title: 'Second factor exists',
    detail: 'The account has an authenticator app. Remove it before you set up another one.',
    meaning: 'An account has one authenticator app at most.',
    remedy: 'Remove it with DELETE /me/second-factors/totp, after a login with it, and set up the other one.',
  },
  device_not_found: {
    status: 404,
    title: 'Device not found',
    detail: 'The account has no such remembered device.',
    meaning: 'There is no remembered device with this id, or it has expired or was forgotten.',
    remedy: 'List the devices with GET /me/devices.',
  },
  wrong_password: {
    status: 403,
    title: 'Wrong password',
    detail: 'The current password is wrong.',
    meaning: "The current password in the request is not the account's password.",
    remedy: 'Ask the user for the current password again.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    detail: 'There is nothing at this path. GET /openapi.json lists all operations.',
    meaning: 'The service has no operation at this path.',
    remedy: 'Compare the path with the contract, GET /openapi.json. Case and a slash at the end matter.',
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
  passkey_not_found: {
    status: 404,
    title: 'No such passkey',
    detail: 'The account has no passkey with this id.',
    meaning: 'The account has no passkey with this id. It may have been removed.',
    remedy: 'List the passkeys with GET /me/passkeys, or GET /users/{id}/passkeys.',
  },
  passkeys_off: {
    status: 404,
    title: 'Passkeys are off',
    detail:
      'This service has no passkeys: they are switched off, or browsers do not support them at its URL.',
    meaning:
      'LATCHKEY_PASSKEY_RP_ID is off, or the service has no URL with HTTPS and a domain (or localhost), which browsers require.',
    remedy: 'Have the operator set LATCHKEY_PASSKEY_ORIGINS, or log in another way.',
  },
  login_links_off: {
    status: 404,
    title: 'Login links are off',
    detail: 'This service sends no links to log in with. Log in another way.',
    meaning: 'LATCHKEY_LOGIN_LINKS is off.',
    remedy: 'Have the operator set LATCHKEY_LOGIN_LINKS=true, or log in with POST /login or a passkey.',
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
    detail: 'This path does not support this method. The Allow header lists the supported methods.',
    meaning: 'The path exists, but not with this method.',
    remedy: 'Use one of the methods in the Allow header.',
  },
  username_taken: {
    status: 409,
    title: 'Username taken',
    detail: 'Another user has this name. Case does not matter.',
    meaning: 'Another account has this name. Case does not matter.',
    remedy: 'Choose another name.',
  },
  email_missing: {
    status: 409,
    title: 'No e-mail address',
    detail: 'The account has no e-mail address.',
    meaning: 'The account has no e-mail address that could be verified.',
    remedy: 'An administrator sets one with PATCH /users/{id}.',
  },
  email_verified: {
    status: 409,
    title: 'Address already verified',
    detail: 'The e-mail address of the account is already verified.',
    meaning: 'The address of the account is already verified.',
    remedy: 'There is nothing to do: messages go to the address, and the user can log in with it.',
  },
  email_taken: {
    status: 409,
    title: 'Address taken',
    detail: 'Another user has this e-mail address, or logs in with it as the name.',
    meaning:
      'Another account has this e-mail address, or has it as its username. Case does not matter, in either part of an address.',
    remedy: 'Use another address, or remove it from the other account first.',
  },
  passkey_exists: {
    status: 409,
    title: 'Passkey already added',
    detail: 'An account of this service already has this passkey.',
    meaning: 'The authenticator has made this passkey before, and an account has it.',
    remedy: 'List yours with GET /me/passkeys, or make a new one with POST /me/passkeys/options.',
  },
  too_many_passkeys: {
    status: 409,
    title: 'Too many passkeys',
    detail: 'An account can have 25 passkeys. Remove one first.',
    meaning: 'The account has as many passkeys as it may have.',
    remedy: 'Remove one that is no longer used with DELETE /me/passkeys/{id}.',
  },
  last_way_in: {
    status: 409,
    title: 'Last way to log in',
    detail: 'Without this passkey there would be no way to log in. Add another one first.',
    meaning: 'The account has no password, and no other passkey that logs in by itself.',
    remedy: 'Add another passkey with POST /me/passkeys/options, then remove this one.',
  },
  last_administrator: {
    status: 409,
    title: 'Last administrator',
    detail: 'This is the last enabled administrator. Add another one first.',
    meaning: 'The change would leave the service without an enabled administrator.',
    remedy: 'Give another enabled account the role admin first.',
  },
  role_protected: {
    status: 409,
    title: 'Built-in role',
    detail: 'The role "admin" is built in. It holds every permission and cannot be changed or deleted.',
    meaning: 'The role admin is built in and cannot be changed or deleted.',
    remedy: 'Create another role with PUT /roles/{name}.',
  },
  client_has_no_secret: {
    status: 409,
    title: 'Client without a secret',
    detail: 'This client authenticates with its own key (private_key_jwt). Change its "jwks" instead.',
    meaning: 'The client authenticates with its own key, so there is no secret to replace.',
    remedy: 'Change its public keys with PATCH /clients/{id}.',
  },
  precondition_failed: {
    status: 412,
    title: 'Precondition failed',
    detail: 'The file does not match If-Match or If-Unmodified-Since.',
    meaning:
      'A condition in a header of the request (RFC 9110 §13.1) is not met: the file has changed since.',
    remedy: 'Get the file without the condition.',
  },
  request_timeout: {
    status: 408,
    title: 'Request too slow',
    detail: 'The request did not arrive in time.',
    meaning: 'The request started, and the rest of it did not arrive in time.',
    remedy: 'Send the whole request at once. Check the network and the proxies in between.',
  },
  header_too_large: {
    status: 431,
    title: 'Header too large',
    detail: 'The headers of the request are larger than 16 KiB.',
    meaning:
      'The headers of the request, including cookies and tokens, are larger than this service accepts.',
    remedy: 'Send fewer or smaller headers: 16 KiB at most in total.',
  },
  payload_too_large: {
    status: 413,
    title: 'Body too large',
    detail: 'The body is larger than 64 KiB.',
    meaning: 'The body, or a file in it, is larger than the operation accepts.',
    remedy: 'Send less at a time: 64 KiB at most, and files as large as the contract says.',
  },
  expectation_failed: {
    status: 417,
    title: 'Expectation failed',
    detail: 'The only expectation that the service supports is "Expect: 100-continue".',
    meaning: 'The request has an Expect header with a value other than 100-continue (RFC 9110 §10.1.1).',
    remedy: 'Send the request without the header.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    detail: 'Send the body as UTF-8 without a Content-Encoding.',
    meaning:
      'The body is compressed or not UTF-8, or a file in it has a type that the operation does not take.',
    remedy:
      'Send it as plain UTF-8, without Content-Encoding, and files of the types that the contract names.',
  },
  validation_failed: {
    status: 422,
    title: 'Validation failed',
    detail: 'The request does not match the contract. "errors" has the reason for each field.',
    meaning:
      'The request is well-formed, but a field or a parameter does not match the contract. Nothing was changed.',
    remedy: 'Read errors in the body: it has the reason for each field.',
  },
  too_many_attempts: {
    status: 429,
    title: 'Too many attempts',
    detail: 'Too many failed logins. Wait the number of seconds in the Retry-After header.',
    meaning:
      'There were several failed logins for this account or from this address, and the next one has to wait. The wait grows with each failure.',
    remedy: 'Wait the number of seconds in Retry-After. An administrator can replace a forgotten password.',
  },
  too_many_requests: {
    status: 429,
    title: 'Too many requests',
    detail: 'Too many requests from this address. Wait the number of seconds in the Retry-After header.',
    meaning:
      'The operator has limited how often one address may call this operation, or the operation has a limit for each account or session; the limit is reached.',
    remedy: 'Wait the number of seconds in Retry-After.',
  },
  too_many_streams: {
    status: 429,
    title: 'Too many streams',
    detail:
      'This client or user has reached its limit of open streams of this operation. Close one, or wait the number of seconds in the Retry-After header.',
    meaning:
      'The number of streams of an operation that one client or one user may have open is limited, so that others get some. An export of your own data is one of them.',
    remedy:
      'Let each process open one stream, and let an export end before the next one. For more processes that follow revocations, the operator raises LATCHKEY_REVOCATION_STREAMS_PER_CLIENT, or creates more clients.',
  },
  internal_error: {
    status: 500,
    title: 'Internal error',
    detail: 'An unexpected error occurred. The log has its cause under the X-Request-Id of this response.',
    meaning: 'An unexpected error occurred in the service. The request did not cause it.',
    remedy:
      'Give the operator the X-Request-Id of the response: the log has the cause under it. You may try the request again.',
  },
  token_too_long: {
    status: 500,
    title: 'Access token too long',
    detail:
      'The access token would exceed the maximum length. An administrator has to remove roles from the account.',
    meaning:
      'The permissions of the account, or the claims that hooks add, do not fit into an access token, so none is issued. Roles that are too large are refused when they are assigned: these were assigned before, or under other settings.',
    remedy:
      'An administrator removes roles from the account (PATCH /users/{id}) or permissions from its roles; where no administrator can log in, the operator does: npx latchkey users set-roles. Hooks that add claims have to add fewer.',
  },
  busy: {
    status: 503,
    title: 'Busy',
    detail: 'Too many passwords are being checked at once. Try again after the seconds in Retry-After.',
    meaning:
      'Checking a password is slow on purpose, and too many checks are waiting; or the service cannot start a thread that checks one.',
    remedy: 'Try again after the number of seconds in Retry-After.',
  },
  too_many_registrations: {
    status: 503,
    title: 'Too many registrations',
    detail:
      'No more registrations are accepted within this hour. Wait the number of seconds in the Retry-After header.',
    meaning:
      'The limit of registrations per hour, for all clients together, is reached. It bounds what a flood of them stores and sends.',
    remedy:
      'Wait the number of seconds in Retry-After. The operator may raise LATCHKEY_REGISTRATIONS_PER_HOUR.',
  },
  breach_check_unavailable: {
    status: 503,
    title: 'Breached passwords cannot be looked up',
    detail: 'The new password cannot be checked now. Try again after the seconds in Retry-After.',
    meaning:
      'New passwords are looked up among those of data breaches. The source of these does not respond, and the service is configured to refuse passwords then.',
    remedy: 'Try again after the number of seconds in Retry-After. The operator finds the cause in the log.',
  },
  not_ready: {
    status: 503,
    title: 'Not ready',
    detail: 'The service is starting, stopping, or cannot reach its database. Try again shortly.',
    meaning:
      'The service is starting or stopping, its database does not respond, or it has too many open files.',
    remedy: 'Try again shortly. If it persists, the operator finds the cause in the log.',
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof problemCodes;
