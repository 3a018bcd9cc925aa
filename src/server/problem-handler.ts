import { ValidateError } from '@tsoa/runtime';
import type { ErrorRequestHandler, Request, Response } from 'express';
import type { Logger } from 'pino';
import { getTokenScheme } from '../config/config.js';
import { databaseSubject } from '../database/write-probe.js';
import { OutageLog } from '../database/outage-log.js';
import { DatabaseUnavailable } from '../database/database-unavailable.js';
import { OAuthProblem } from '../problems/oauth-problem.js';
import type { OAuthError } from '../oauth/oauth.models.js';
import type { ProblemCode } from '../problems/problem-codes.js';
import { maxFieldErrors, Problem, problemDetails, retryLater } from '../problems/problem.js';
import { problemResponsePage } from '../contract/problem-pages.js';
import { prefersPage, rootFrom, setPageHeaders } from '../http/html-page.js';
import { sendJson } from '../http/send-json.js';
import { clearTokenCookie } from '../sessions/token-cookies.js';

/**
 * Writes every refusal and every failure as RFC 9457's problem+json, or where the operation is one of OAuth's as RFC
 * 6749 §5.2 says. Causes go to the log alone.
 */
export function problemHandler(
  log: Logger,
  issuer: string,
  outages: OutageLog = new OutageLog(log),
): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const problem = toProblem(error);
    if (problem.status >= 500) {
      const { requestId, method, path } = request;
      // What passes comes by the thousand while it lasts.
      if (problem.status === 503)
        outages.recordFailure(outageName(problem), error, { requestId, method, path });
      else log.error({ err: error, requestId, method, path }, problem.title);
    }
    // Half an answer cannot be taken back; Express closes the connection.
    if (response.headersSent) {
      next(error);
      return;
    }
    const { config } = request.app.locals.services;
    // It would come with every request, and be refused each time.
    if (problem.code === 'invalid_token' && request.tokenInCookie) {
      clearTokenCookie(response, config, 'access');
    }
    if (request.offersErrorPages) response.vary('Accept');
    if (request.offersErrorPages && prefersPage(request)) sendProblemPage(problem, request, response);
    else if (!request.usesOAuthErrors) sendProblem(problem, response, issuer, getTokenScheme(config));
    else sendOAuthError(error instanceof OAuthProblem ? error : OAuthProblem.from(problem), response);
  };
}

/** As the log of outages calls it. */
function outageName({ cause, title }: Problem): string {
  return cause instanceof DatabaseUnavailable ? databaseSubject : `a request (${title})`;
}

/**
 * @param issuer what the problem types' URIs begin with.
 * @param scheme the word that access tokens are sent with.
 */
export function sendProblem(problem: Problem, response: Response, issuer: string, scheme = 'Bearer'): void {
  // RFC 9110 §15.5.2: no 401 without a challenge.
  const headers = {
    ...(problem.status === 401 && { 'WWW-Authenticate': createChallenge(problem, scheme) }),
    ...problem.headers,
  };
  const body = problemDetails(problem, issuer);
  sendJson(response, problem.status, body, headers, 'application/problem+json; charset=utf-8');
}

function sendProblemPage(problem: Problem, request: Request, response: Response): void {
  setPageHeaders(response);
  const page = problemResponsePage(problem, rootFrom(request), request.requestId);
  response.status(problem.status).set(problem.headers).end(page);
}

function sendOAuthError(problem: OAuthProblem, response: Response): void {
  const body: OAuthError = { error: problem.code, error_description: problem.description };
  // RFC 9110 §15.5.2: no 401 without a challenge, and RFC 6749 §5.2: in the scheme that clients may use.
  const headers = {
    ...(problem.status === 401 && { 'WWW-Authenticate': 'Basic realm="latchkey"' }),
    ...problem.headers,
  };
  sendJson(response, problem.status, body, headers);
}

/** RFC 6750 §3: no error code where no token came, and few characters in the description. */
function createChallenge({ code, message }: Problem, scheme: string): string {
  const realm = `${scheme} realm="latchkey"`;
  if (code !== 'invalid_token') return realm;
  const description = message.replaceAll(/["\\]/g, "'").replaceAll(/[^\x20-\x7e]/g, '?');
  return `${realm}, error="invalid_token", error_description="${description}"`;
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof DatabaseUnavailable) {
    return retryLater('not_ready', 1, { detail: 'The database does not answer.', cause: error });
  }
  if (error instanceof ValidateError) {
    return new Problem('validation_failed', { errors: toFieldErrors(error.fields) });
  }
  const { type, status } = (error ?? {}) as { type?: unknown; status?: unknown };
  if (type === 'text.malformed') {
    return new Problem('malformed_json', { detail: 'The body is not UTF-8 (RFC 8259 §8.1).', cause: error });
  }
  const code = typeof type === 'string' ? bodyParserCodes[type] : undefined;
  if (code) return new Problem(code, { cause: error });
  if (status === 412) return new Problem('precondition_failed', { cause: error });
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new Problem('bad_request', { cause: error });
  return new Problem('internal_error', { cause: error });
}

/** body-parser's error types. */
const bodyParserCodes: Readonly<Record<string, ProblemCode>> = {
  'entity.parse.failed': 'malformed_json',
  'entity.too.large': 'payload_too_large',
  'encoding.unsupported': 'unsupported_media_type',
  'charset.unsupported': 'unsupported_media_type',
};

/** tsoa repeats each refused value beside its message; a password must not come back. */
function toFieldErrors(fields: ValidateError['fields']): Record<string, string> {
  const errors = new Map<string, string>();
  for (const [path, { message }] of Object.entries(fields)) {
    // The whole body is called "body"; what is in it goes by its own name.
    const field = path.replace(/^(body|query)\./, '');
    const [, excess] = /^"(.*)" is an excess property/.exec(message) ?? [];
    // tsoa names the field for a model, and all of them in the message alone for query parameters.
    for (const name of excess?.split(',') ?? []) {
      errors.set(field === 'query' ? name : field, 'is not a field of this request');
    }
    if (excess === undefined) errors.set(field, message);
  }
  // Made from entries: "__proto__" is a name like any other.
  return Object.fromEntries([...errors].slice(0, maxFieldErrors));
}
