import { ValidateError } from '@tsoa/runtime';
import type { ErrorRequestHandler, Request, Response } from 'express';
import type { Logger } from 'pino';
import { getTokenScheme } from '../config/config.js';
import { databaseSubject } from '../database/write-probe.js';
import { OutageLog } from '../database/outage-log.js';
import { DatabaseUnavailable } from '../database/database-unavailable.js';
import { createOpenFilesProblem, isOutOfFiles, openFilesSubject } from '../problems/open-files.js';
import { OAuthProblem } from '../problems/oauth-problem.js';
import type { OAuthError } from '../oauth/oauth.models.js';
import type { ProblemCode } from '../problems/problem-codes.js';
import { maxFieldErrors, Problem, toProblemDetails, retryLater } from '../problems/problem.js';
import { renderProblemResponse } from '../contract/problem-pages.js';
import { prefersPage, getRootReference, setPageHeaders } from '../http/html-page.js';
import { sendJson } from '../http/send-json.js';
import { clearBadTokenCookie } from '../sessions/token-cookies.js';

/**
 * Sends errors as problem+json (RFC 9457), or as RFC 6749 §5.2 for OAuth operations. Causes are only logged.
 */
export function createProblemHandler(
  log: Logger,
  issuer: string,
  outages: OutageLog = new OutageLog(log),
): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const problem = toProblem(error);
    if (problem.status >= 500 && !problem.isExpected) {
      const { requestId, method, path } = request;
      // Outages cause thousands of errors. Without a cause, the stack would only be that of a check.
      if (problem.status === 503 && problem.cause === undefined)
        outages.recordFailure(getOutageName(problem), undefined, {
          requestId,
          method,
          path,
          detail: problem.message,
        });
      else if (problem.status === 503)
        outages.recordFailure(getOutageName(problem), error, { requestId, method, path });
      else log.error({ err: error, requestId, method, path }, problem.title);
    }
    // Express closes the connection of a partial response.
    if (response.headersSent) {
      next(error);
      return;
    }
    const { config } = request.app.locals.services;
    if (problem.code === 'invalid_token' && request.tokenInCookie) {
      clearBadTokenCookie(request, config, 'access');
    }
    if (request.offersErrorPages) response.vary('Accept');
    if (request.offersErrorPages && prefersPage(request)) sendProblemPage(problem, request, response);
    else if (!request.usesOAuthErrors) sendProblem(problem, response, issuer, getTokenScheme(config));
    else sendOAuthError(error instanceof OAuthProblem ? error : OAuthProblem.from(problem), response);
  };
}

/** The name for the log of outages. */
function getOutageName({ cause, title }: Problem): string {
  if (cause instanceof DatabaseUnavailable) return databaseSubject;
  return isOutOfFiles(cause) ? openFilesSubject : `a request (${title})`;
}

/**
 * @param issuer the start of the `type` URIs.
 * @param scheme the authentication scheme of access tokens.
 */
export function sendProblem(problem: Problem, response: Response, issuer: string, scheme = 'Bearer'): void {
  // RFC 9110 §15.5.2: no 401 without a challenge.
  const headers = {
    ...(problem.status === 401 && { 'WWW-Authenticate': createChallenge(problem, scheme) }),
    ...problem.headers,
  };
  const body = toProblemDetails(problem, issuer);
  sendJson(response, problem.status, body, headers, 'application/problem+json; charset=utf-8');
}

function sendProblemPage(problem: Problem, request: Request, response: Response): void {
  setPageHeaders(response);
  const page = renderProblemResponse(problem, getRootReference(request), request.requestId);
  response.status(problem.status).set(problem.headers).end(page);
}

function sendOAuthError(problem: OAuthProblem, response: Response): void {
  const body: OAuthError = { error: problem.code, error_description: problem.description };
  // RFC 9110 §15.5.2: no 401 without a challenge; RFC 6749 §5.2: in the client's scheme.
  const headers = {
    ...(problem.status === 401 && { 'WWW-Authenticate': 'Basic realm="latchkey"' }),
    ...problem.headers,
  };
  sendJson(response, problem.status, body, headers);
}

/** RFC 6750 §3: no error code without a token, and a limited character set in the description. */
function createChallenge({ code, message }: Problem, scheme: string): string {
  const realm = `${scheme} realm="latchkey"`;
  if (code !== 'invalid_token') return realm;
  const description = message.replaceAll(/["\\]/g, "'").replaceAll(/[^\x20-\x7e]/g, '?');
  return `${realm}, error="invalid_token", error_description="${description}"`;
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof DatabaseUnavailable) {
    return retryLater('not_ready', 1, { detail: 'The database does not respond.', cause: error });
  }
  if (isOutOfFiles(error)) return createOpenFilesProblem(error);
  if (error instanceof ValidateError) {
    return new Problem('validation_failed', { errors: toFieldErrors(error.fields) });
  }
  // Sent in its own form; this decides what is logged.
  if (error instanceof OAuthProblem) {
    return new Problem(error.status < 500 ? 'bad_request' : 'internal_error', { cause: error });
  }
  if (!isRequestError(error)) return new Problem('internal_error', { cause: error });
  const { type, status } = error;
  if (type === 'text.malformed') {
    return new Problem('malformed_json', { detail: 'The body is not UTF-8 (RFC 8259 §8.1).', cause: error });
  }
  const code = type === undefined ? undefined : bodyParserCodes[type];
  if (code) return new Problem(code, { cause: error });
  if (status === 412) return new Problem('precondition_failed', { cause: error });
  if (status >= 400 && status < 500) return new Problem('bad_request', { cause: error });
  return new Problem('internal_error', { cause: error });
}

interface RequestError {
  readonly status: number;
  /** body-parser's. */
  readonly type?: string;
}

/** Of Express, body-parser or send. Clients of other services give their errors a status, too, which is not this request's. */
function isRequestError(error: unknown): error is RequestError {
  if (!(error instanceof Error) || !('status' in error)) return false;
  // Express's, for a path that cannot be decoded, or one of http-errors.
  return error instanceof URIError || ('expose' in error && 'statusCode' in error);
}

/** body-parser's error types. */
const bodyParserCodes: Readonly<Record<string, ProblemCode>> = {
  'entity.parse.failed': 'malformed_json',
  'entity.too.large': 'payload_too_large',
  'encoding.unsupported': 'unsupported_media_type',
  'charset.unsupported': 'unsupported_media_type',
};

/** Without the refused values, which tsoa adds: a password must not be in a response. */
function toFieldErrors(fields: ValidateError['fields']): Record<string, string> {
  const errors = new Map<string, string>();
  for (const [path, { message }] of Object.entries(fields)) {
    // Fields of the body have no prefix; errors of the body itself are under "body".
    const field = path.replace(/^(body|query)\./, '');
    const [, excess] = /^"(.*)" is an excess property/.exec(message) ?? [];
    // For a model, tsoa names the field; for query parameters, all names are only in the message.
    for (const name of excess?.split(',') ?? []) {
      errors.set(field === 'query' ? name : field, 'is not a field of this request');
    }
    if (excess === undefined) errors.set(field, message);
  }
  // From entries: a field may be called "__proto__".
  return Object.fromEntries([...errors].slice(0, maxFieldErrors));
}
